using System.Text;
using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Domain.Tests.TelemetryEvents;

public sealed class TelemetryEventsRecordedTests
{
    private static readonly TelemetryEvent Created = new(
        "07efe615-c06b-42e3-a33d-64b66bf43fab", "compute.instance.create.end", UnixMicroseconds.From(new(2026, 11, 20, 10, 1, 38, 636, 139, TimeSpan.Zero)),
        [
            new("project_id", QueryValue.Of("p1")), new("display_name", QueryValue.Of("naïve \"web\"")), new("memory_mb", QueryValue.Of(-512)),
            new("ratio", QueryValue.Of(1.0)), new("tiny", QueryValue.Of(1e-7)), new("nothing", QueryValue.Of(double.NaN)),
            new("launched_at", QueryValue.Instant(UnixMicroseconds.From(new(2026, 11, 20, 10, 1, 37, TimeSpan.Zero)))),
        ])
    { Raw = JsonElement.Parse("""{"payload": {"a": [1, 2.50, null]}}""") };

    private static readonly TelemetryEvent Bare = new("m2", "x", UnixMicroseconds.Min, []);

    private static byte[] Stored => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "stored", "telemetry-events-recorded-v1.json"));

    [Fact]
    public void What_is_stored_has_the_shape_of_version_1() =>
        Assert.Equal(Encoding.UTF8.GetString(Stored).TrimEnd(), Encoding.UTF8.GetString(TelemetryEventsRecorded.Write([Created, Bare]).Utf8.Span));

    [Fact]
    public void Version_1_is_read_as_it_was_written()
    {
        var read = TelemetryEventsRecorded.Read(Stored);

        Assert.Equal([Created.MessageId, Bare.MessageId], read.Select(e => e.MessageId));
        Assert.Equal((Created.EventType, Created.GeneratedAt), (read[0].EventType, read[0].GeneratedAt));
        Assert.Equal(Created.Traits, read[0].Traits);
        Assert.Equal(Created.Raw.ToString().Replace(" ", ""), read[0].Raw.ToString());
        Assert.Equal((UnixMicroseconds.Min, false), (read[1].GeneratedAt, read[1].HasRaw));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"events":{}}""")]
    [InlineData("""{"events":[{"message_id":"m"}]}""")]
    [InlineData("""{"events":[{"message_id":"m","event_type":"t","generated":"yesterday","traits":[]}]}""")]
    [InlineData("""{"events":[{"message_id":"m","event_type":"t","generated":"2026-01-01T00:00:00","traits":[["a",9,"x"]]}]}""")]
    [InlineData("""{"events":[{"message_id":"m","event_type":"t","generated":"2026-01-01T00:00:00","traits":[["a",2]]}]}""")]
    public void A_damaged_body_is_refused(string json) =>
        Assert.Throws<FormatException>(() => TelemetryEventsRecorded.Read(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("events-p1-2026-11", "project_id", "p1")]
    [InlineData("events-p2-2026-11", "tenant_id", "p2")]
    [InlineData("events-p1-2026-11", "tenant_id", "p2", "project_id", "p1")]
    [InlineData("events-none-2026-11", "project_id", "")]
    [InlineData("events-none-2026-11", "service", "x")]
    public void An_event_belongs_to_its_project_and_month(string stream, params string[] traits) => Assert.Equal(stream, TelemetryEventStreams.Of(
        new("m", "t", Created.GeneratedAt, [.. traits.Chunk(2).Select(t => new Trait(t[0], QueryValue.Of(t[1])))])).ToString());

    [Fact]
    public void A_project_that_no_stream_can_be_named_after_is_none() => Assert.Equal(
        "events-none-0001-01", TelemetryEventStreams.Of(new("m", "t", UnixMicroseconds.Min, [new("project_id", QueryValue.Of(string.Concat(Enumerable.Repeat("🐢", 200))))])).ToString());

    [Fact]
    public void A_number_as_project_id_names_no_project() => Assert.Null(new TelemetryEvent("m", "t", 0, [new("project_id", QueryValue.Of(1))]).ProjectId);

    [Theory]
    [InlineData(0)]
    [InlineData(100)] // many are looked through otherwise
    public void A_trait_may_come_once_for_each_type(int others)
    {
        Trait[] beside = [.. Enumerable.Range(0, others).Select(n => new Trait($"other{n}", QueryValue.Of(n)))];

        Assert.Equal(others + 2, new TelemetryEvent("m", "t", 0, [new("a", QueryValue.Of(1)), .. beside, new("a", QueryValue.Of("1"))]).Traits.Count);
        Assert.Contains("'a'", Assert.Throws<ArgumentException>(() => new TelemetryEvent("m", "t", 0, [new("a", QueryValue.Of(1)), .. beside, new("a", QueryValue.Of(2))])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Filters_see_the_fields_of_an_event_and_its_traits_by_name_and_type()
    {
        var row = new TelemetryEventRow(Created, default, 1);
        Field Trait(string name, TraitType type) => TelemetryEventFields.Trait(name, type);
        bool Selects(Field field, Comparison comparison, QueryValue value) => new Predicate.Compare(field, comparison, value).Selects(row);

        Assert.True(Selects(TelemetryEventFields.EventType, Comparison.Equal, QueryValue.Of("compute.instance.create.end")));
        Assert.True(Selects(TelemetryEventFields.GeneratedAt, Comparison.Greater, QueryValue.Instant(0)));
        Assert.True(Selects(Trait("memory_mb", TraitType.Integer), Comparison.Less, QueryValue.Of(0)));
        Assert.False(Selects(Trait("memory_mb", TraitType.Text), Comparison.NotEqual, QueryValue.Of("x")));
        Assert.True(Selects(Trait("memory_mb", TraitType.Text), Comparison.Equal, QueryValue.Null));
        Assert.False(Selects(Trait("unknown", TraitType.Text), Comparison.NotEqual, QueryValue.Of("x")));
    }
}
