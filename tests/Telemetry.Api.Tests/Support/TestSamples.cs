using System.Text;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.Tests.Support;

/// <summary>A few samples of two projects and of none.</summary>
internal static class TestSamples
{
    public const string WebMetadata = """
        {"name":"web","n":1,"f":1.5,"b":true,"t":"1","nested":{"a":{"b":"deep"}},"list":["x",null,2.0],"instance_type":"m1.tiny","nothing":null,"empty":{}}
        """;

    public static readonly DateTimeOffset RecordedAt = new(2026, 1, 3, 4, 5, 6, TimeSpan.Zero);

    /// <summary>Two projects' samples of cpu_util, a counter, and a sample of nobody.</summary>
    public static BruteForceReader Reader() => Reader(
        Sample("s1", "cpu_util", 10, "2026-01-01T00:00:00", metadata: WebMetadata),
        Sample("s2", "cpu_util", 20.5, "2026-01-01T00:01:00", metadata: WebMetadata),
        Sample("s3", "cpu_util", 30, "2026-01-01T00:02:00.5", "r2", "p2", "u2", metadata: """{"instance_type":"m1.large"}"""),
        Sample("s4", "net.bytes", 1000, "2026-01-01T00:01:00", type: SampleType.Cumulative, unit: "B", source: "hw"),
        Sample("s5", "orphan", 1, "2026-01-02T00:00:00", "r/3", null, null, unit: null));

    public static BruteForceReader Reader(params TestSample[] samples)
    {
        var reader = new BruteForceReader();
        reader.Add(
            new SampleBatch(
                [.. samples.Select(s => s.Series)], [.. samples.Select(s => s.At)], [.. samples.Select(s => s.Volume)], [.. samples.Select(s => s.Metadata)],
                new MessageIds(new Guid[samples.Length], samples.Select((s, i) => (s.Id, i)).ToDictionary(x => x.i, x => x.Id))),
            EventId.New(), RecordedAt);
        return reader;
    }

    public static TestSample Sample(
        string id, string meter, double volume, string at, string resource = "r1", string? project = "p1", string? user = "u1",
        string metadata = "{}", SampleType type = SampleType.Gauge, string? unit = "%", string source = "openstack") =>
        new(id, new SeriesKey(meter, type, unit, resource, project, user, source), At(at), volume, Metadata.Parse(Encoding.UTF8.GetBytes(metadata)));

    public static long At(string text) => UnixMicroseconds.From(DateTimeOffset.Parse(text + "Z"));
}

internal sealed record TestSample(string Id, SeriesKey Series, long At, double Volume, Metadata Metadata);
