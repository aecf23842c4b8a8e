using System.Text;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Pipelines.Publishers;
using Telemetry.Ingest.Tests.Pipelines;

namespace Telemetry.Ingest.Tests.Notifications;

public sealed class PublishedBodyTests
{
    [Fact]
    public void What_http_publishers_post_is_read_back()
    {
        var samples = new[] { InFlight.Of(metadata: """{"a": [1.0, "ż"]}""", monotonic: 5) with { MessageId = "1" }, InFlight.Of(unit: null, project: null, user: null) with { MessageId = "2" } };
        var made = new TelemetryEvent("m", "x", InFlight.Start, [new("f", QueryValue.Of(0.5)), new("n", QueryValue.Of(3))]);

        Assert.Equal(samples, PublishedBody.ReadSamples(PublishedText.List(samples.Select(PublishedText.Json))));
        Assert.Equal(samples[0], Assert.Single(PublishedBody.ReadSamples(PublishedText.Json(samples[0]))));
        Assert.Equal(made.Traits, Assert.Single(PublishedBody.ReadEvents(PublishedText.List([PublishedText.Json(made)]), SigningSecrets.None, 0)).Traits);
    }

    [Fact]
    public void What_raw_only_publishers_post_becomes_events_of_the_type_raw()
    {
        var payload = """{"tenant_id": "p", "user_id": "u", "size": 1}"""u8.ToArray();
        var audit = """{"typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "id": "cadf-1", "eventTime": "2026-11-20T10:00:00+0000", "action": "created.user"}"""u8.ToArray();

        var made = PublishedBody.ReadEvents((byte[])[(byte)'[', .. payload, (byte)',', .. audit, (byte)']'], SigningSecrets.None, now: 17);

        Assert.Equal((("raw", 17L), ("raw", InFlight.Start), "cadf-1"), ((made[0].EventType, made[0].GeneratedAt), (made[1].EventType, made[1].GeneratedAt), made[1].MessageId));
        Assert.Equal(["project_id=p", "user_id=u", "tenant_id=p"], made[0].Traits.Select(t => $"{t.Name}={t.Text}"));
        Assert.Equal("created.user", made[1].Raw.GetProperty("payload").GetProperty("action").GetString());
        Assert.Equal(made[0].MessageId, Assert.Single(PublishedBody.ReadEvents(payload, SigningSecrets.None, now: 18)).MessageId); // posted again it is the same
    }

    [Theory]
    [InlineData("[", "The body is no JSON")]
    [InlineData("[1]", "Sample 0: A sample is no JSON object.")]
    [InlineData("""[{"name": "a", "type": "gauge", "resource_id": "r", "timestamp": "2026-11-20", "volume": 1}, {}]""", "Sample 1: 'name' is missing.")]
    [InlineData("""{"name": "a", "type": "gauge", "resource_id": "r", "timestamp": "2026-11-20", "volume": "x"}""", "Sample 0: 'volume' is \"x\"")]
    [InlineData("""{"name": "a", "type": "gauge", "resource_id": "r", "timestamp": 5, "volume": 1}""", "Sample 0: 'timestamp' is 5")]
    [InlineData("""{"name": "a", "type": "gauge", "resource_id": "r", "timestamp": "2026-11-20", "volume": 1, "resource_metadata": []}""", "Sample 0: 'resource_metadata' cannot be kept")]
    public void A_wrong_sample_is_named_by_place_and_field(string body, string reason) =>
        Assert.StartsWith(reason, Assert.Throws<FormatException>(() => PublishedBody.ReadSamples(Encoding.UTF8.GetBytes(body))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"message_id": "m", "event_type": "x", "generated": "2026-11-20"}""", "Event 0: 'traits' is no list.")]
    [InlineData("""{"message_id": "m", "event_type": "x", "generated": "2026-11-20", "traits": [["a", 9, 1]]}""", "Event 0: Trait 'a' has the type 9, which does not exist.")]
    [InlineData("""{"message_id": "m", "event_type": "x", "generated": "2026-11-20", "traits": [["a", 2, "x"]]}""", "Event 0: Trait 'a' is to be integer, but its value is 'x'.")]
    [InlineData("""{"message_id": "m", "event_type": "x", "generated": "2026-11-20", "traits": [["", 1, "x"]]}""", "Event 0: Trait '' cannot be kept")]
    [InlineData("""{"message_id": "m", "event_type": "x", "generated": "2026-11-20", "traits": [["a", 1]]}""", "Event 0: 'traits' has an entry that is not [name, type, value].")]
    [InlineData("""{"event_type": "x", "generated": "2026-11-20", "traits": []}""", "Event 0: 'message_id' is missing.")]
    [InlineData("{}", "Event 0: 'traits' is no list.")]
    [InlineData("""{"typeURI": "t", "id": "x", "eventTime": "soon"}""", "Event 0: 'eventTime' is \"soon\"")]
    public void A_wrong_event_is_named_by_place_and_field(string body, string reason) =>
        Assert.StartsWith(reason, Assert.Throws<FormatException>(() => PublishedBody.ReadEvents(Encoding.UTF8.GetBytes(body), SigningSecrets.None, 0)).Message, StringComparison.Ordinal);
}
