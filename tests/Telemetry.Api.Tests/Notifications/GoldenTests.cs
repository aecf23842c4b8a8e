using System.Globalization;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Definitions;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>All 173 recorded notifications go over a real RabbitMQ, and the running server answers what Ceilometer 19 made of them.</summary>
public sealed class GoldenTests
{
    private static readonly IReadOnlyList<JsonElement> Goldens = [.. Lines("golden-ceilometer-19.jsonl")];

    [Fact]
    public async Task Recorded_notifications_give_over_REST_the_samples_and_events_of_Ceilometer_field_by_field()
    {
        await using var cloud = await MeteredCloud.StartAsync();
        await using (var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url))
            await producer.PublishRecordedAsync("recorded.jsonl");
        await cloud.TakenAsync(173);

        var expected = Goldens.SelectMany(g => g.GetProperty("samples").EnumerateArray()).Select(Expected).Concat(WithoutGolden());
        Assert.Equal(expected.Order(StringComparer.Ordinal), (await cloud.SamplesAsync()).Select(Actual).Order(StringComparer.Ordinal));
        var events = (await cloud.GetAsync("/v2/events?limit=1000")).EnumerateArray().ToDictionary(e => e.GetProperty("message_id").GetString()!, ActualEvent);
        Assert.All(Goldens.SelectMany(g => g.GetProperty("events").EnumerateArray()), e => Assert.Equal(ExpectedEvent(e), events[e.GetProperty("message_id").GetString()!]));
        Assert.Equal(173, events.Count);
        Assert.Equal(173, await cloud.CounterAsync("telemetry_ingest_notifications_total", "result=\"accepted\""));
    }

    private static string Expected(JsonElement sample)
    {
        string Text(string field) => PythonText.Of(sample.GetProperty(field));
        var name = Text("name");
        // The one divergence: the name's expression, which Ceilometer leaves as it is. docs/notifications.md
        if (name == "$.payload.outcome - $.payload.outcome + 'identity.authenticate.' + $.payload.outcome")
            name = $"identity.authenticate.{sample.GetProperty("resource_metadata").GetProperty("outcome").GetString()}";
        var timestamp = UnixMicroseconds.From(DateTimeOffset.Parse(Text("timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
        return Line(
            name, Text("type"), Text("unit"), sample.GetProperty("volume").GetDouble(), Text("user_id"), Text("project_id"), Text("resource_id"),
            UnixMicroseconds.Format(timestamp), Text("source"), Flat(Metadata.From(sample.GetProperty("resource_metadata")).Root)); // stored with its keys in order
    }

    private static string ExpectedEvent(JsonElement made) => string.Join('\n', [
        made.GetProperty("event_type").GetString()!, made.GetProperty("generated").GetString()!, made.GetProperty("raw").GetRawText(),
        .. made.GetProperty("traits").EnumerateArray().Select(t => $"{t[0].GetString()} {((TraitType)t[1].GetInt32()).Name()} {PythonText.Of(t[2])}").Order(StringComparer.Ordinal)]);

    private static string ActualEvent(JsonElement made) => string.Join('\n', [
        made.GetProperty("event_type").GetString()!, made.GetProperty("generated").GetString()!, made.GetProperty("raw").GetRawText(),
        .. made.GetProperty("traits").EnumerateArray().Select(t => $"{t.GetProperty("name").GetString()} {t.GetProperty("type").GetString()} {t.GetProperty("value").GetString()}")
            .Order(StringComparer.Ordinal)]);

    /// <summary>Of the 19 messages that Ceilometer's record leaves out: what the definitions make of them.</summary>
    private static IEnumerable<string> WithoutGolden()
    {
        var converter = DefinitionFiles.Shipped.Load();
        var known = Goldens.Select(g => g.GetProperty("n").GetInt32()).ToHashSet();
        return Lines("recorded.jsonl").Where(m => !known.Contains(m.GetProperty("n").GetInt32()))
            .SelectMany(m => converter.Convert(System.Text.Encoding.UTF8.GetBytes(m.GetProperty("body").GetString()!)).Samples)
            .Select(s => Line(
                s.Series.Meter, s.Series.Type.Name(), s.Series.Unit ?? "None", s.Volume, s.Series.UserId ?? "None", s.Series.ProjectId ?? "None", s.Series.ResourceId,
                UnixMicroseconds.Format(s.Timestamp), s.Series.Source, Flat(s.Metadata.Root)));
    }

    private static string Actual(JsonElement sample)
    {
        string Text(string field) => PythonText.Of(sample.GetProperty(field));
        return Line(
            Text("meter"), Text("type"), Text("unit"), sample.GetProperty("volume").GetDouble(), Text("user_id"), Text("project_id"), Text("resource_id"), Text("timestamp"),
            Text("source"), sample.GetProperty("metadata").EnumerateObject().Select(p => $"{p.Name}={p.Value.GetString()}"));
    }

    private static string Line(
        string meter, string type, string unit, double volume, string user, string project, string resource, string timestamp, string source, IEnumerable<string> metadata) =>
        string.Join('\n', [meter, type, unit, volume.ToString(CultureInfo.InvariantCulture), user, project, resource, timestamp, source, .. metadata.Order(StringComparer.Ordinal)]);

    /// <summary>Metadata as the API shows it: the first level joined by a point, deeper ones by colons, every value a text (Ceilometer's utils.recursive_keypairs).</summary>
    private static IEnumerable<string> Flat(JsonElement metadata) => Pairs(metadata, "").Select(p =>
    {
        var key = p.Key.Replace('.', ':');
        var first = key.IndexOf(':');
        return $"{(first < 0 ? key : $"{key[..first]}.{key[(first + 1)..]}")}={p.Value}";
    });

    private static IEnumerable<(string Key, string Value)> Pairs(JsonElement value, string prefix) => value.EnumerateObject().SelectMany(p =>
        p.Value.ValueKind == JsonValueKind.Object ? Pairs(p.Value, $"{prefix}{p.Name}.") : [($"{prefix}{p.Name}", PythonText.Of(p.Value))]);

    private static IEnumerable<JsonElement> Lines(string file) => File.ReadLines(TestData.Path($"notifications/{file}")).Select(line => JsonElement.Parse(line));
}
