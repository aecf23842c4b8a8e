using System.Globalization;
using System.Text.Json.Nodes;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Tests.Metering.Compact;

/// <summary>What tests/data/stored holds in bytes.</summary>
internal static class StoredExamples
{
    private static readonly SeriesKey Cpu = new("cpu", SampleType.Cumulative, "ns", "vm-1", "p1", "u1", "openstack");
    private static readonly SeriesKey Util = new("cpu_util", SampleType.Gauge, "%", "vm-1", "p1", "u1", "openstack");
    private static readonly SeriesKey Bare = new("température", SampleType.Delta, null, "日本", null, null, "p2:own");
    private static readonly Metadata Host = Metadata.Parse("""{"host":"compute-1","display_name":"µ","size":{"gb":1.50},"list":[1,null,true]}"""u8);

    public static IReadOnlyDictionary<string, SampleBatch> Batches { get; } = new Dictionary<string, SampleBatch>
    {
        ["empty"] = new([], [], [], []),
        ["polled"] = new([Cpu, Util, Cpu, Util, Bare], [.. Enumerable.Repeat(1_767_225_600_000_000, 5)], [1_234_567_890, 12.25, 1_234_567_999, 99.9, -3],
            [Host, Host, Host, Host, Metadata.Empty]),
        ["extremes"] = new([.. Enumerable.Repeat(Bare, 12)],
            [UnixMicroseconds.Min, UnixMicroseconds.Max, 0, -1, 1, 1_000, 1_000_000, 0, 0, 0, 0, 0],
            [0, -0.0, double.Epsilon, double.MaxValue, double.MinValue, 1.0 / 3, 1e-15, 9007199254740991, 9007199254740992, 1e22, -0.1, 123456.789],
            [.. Enumerable.Repeat(Metadata.Empty, 12)]),
        ["identified"] = new([Cpu, Util, Bare], [1_767_225_600_000_000, 1_767_225_600_250_000, 1_767_225_601_000_000], [1, 2, 3], [Host, Metadata.Empty, Host],
            new MessageIds([Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), Guid.Empty, Guid.Empty], new Dictionary<int, string> { [1] = "message é" }),
            [.. Enumerable.Range(0, 64).Select(i => (byte)i), .. new byte[32]]),
    };

    /// <summary>The catalogue that the log form of the examples was written with.</summary>
    public static ListCatalog Catalog()
    {
        var catalog = new ListCatalog(first: 300);
        foreach (var key in (SeriesKey[])[Bare, Util, Cpu])
            catalog.IdOf(key);
        foreach (var metadata in (Metadata[])[Metadata.Empty, Host])
            catalog.IdOf(metadata);
        return catalog;
    }

    public static byte[] Bytes(string file) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "stored", file));

    /// <summary>A batch as JSON for people; volumes as the shortest text and as bits.</summary>
    public static JsonArray Json(SampleBatch batch) => new([.. Enumerable.Range(0, batch.Count).Select(i => new JsonObject
    {
        ["meter"] = batch.Series[i].Meter,
        ["type"] = batch.Series[i].Type.Name(),
        ["unit"] = batch.Series[i].Unit,
        ["resource"] = batch.Series[i].ResourceId,
        ["project"] = batch.Series[i].ProjectId,
        ["user"] = batch.Series[i].UserId,
        ["source"] = batch.Series[i].Source,
        ["timestamp"] = batch.Timestamps[i],
        ["volume"] = batch.Volumes[i].ToString("R", CultureInfo.InvariantCulture),
        ["bits"] = BitConverter.DoubleToUInt64Bits(batch.Volumes[i]).ToString("x16", CultureInfo.InvariantCulture),
        ["metadata"] = JsonNode.Parse(batch.Metadata[i].Utf8.Span),
        ["id"] = batch.MessageIds?[i],
        ["signature"] = batch.Signature(i),
    })]);
}
