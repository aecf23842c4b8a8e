using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Domain.Metering;

namespace Telemetry.Benchmarks;

/// <summary>Workload W: 1,000 resources x 10 meters in 50 projects, a sample a series and minute, in time order, in batches of 1,000.</summary>
/// <remarks>Five meters are growing integer counters, three gauges with two decimals, two constant. Seeded: the same values each time.</remarks>
internal sealed class Workload
{
    public const int BatchSize = 1000;
    public const int BatchesAPoll = Resources * Meters / BatchSize;
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const int Resources = 1000;
    private const int Meters = 10;
    private static readonly (string Name, string Type, string Unit, char Kind)[] Definitions =
    [
        ("cpu", "cumulative", "ns", 'c'), ("cpu_util", "gauge", "%", 'g'), ("memory.usage", "gauge", "MB", 'g'),
        ("disk.read.bytes", "cumulative", "B", 'c'), ("disk.write.bytes", "cumulative", "B", 'c'),
        ("network.incoming.bytes", "cumulative", "B", 'c'), ("network.outgoing.bytes", "cumulative", "B", 'c'),
        ("vcpus", "gauge", "vcpu", 'k'), ("disk.root.size", "gauge", "GB", 'k'), ("temperature", "gauge", "C", 'g'),
    ];
    private static readonly string[] Statuses = ["active", "active", "active", "paused", "resized", "shutoff"];

    private readonly bool _ids;
    private readonly Random _random = new(1);
    private readonly double[] _values = new double[Resources * Meters];
    private readonly int[] _steps = new int[Resources * Meters];
    private readonly byte[][] _heads = new byte[Resources * Meters][];
    private readonly byte[][] _metadata = new byte[Resources * Statuses.Length][];
    private readonly SeriesKey[] _series = new SeriesKey[Resources * Meters];
    private readonly Metadata[] _parsed = new Metadata[Resources * Statuses.Length];

    /// <param name="ids">Whether samples carry a message id and a signature, as an agent's do.</param>
    public Workload(bool ids)
    {
        _ids = ids;
        for (var s = 0; s < _values.Length; s++)
        {
            var (r, d) = (s / Meters, Definitions[s % Meters]);
            _values[s] = d.Kind switch { 'c' => _random.Next(1_000_000_000), 'g' => 50, _ => 1 + r % 8 };
            _steps[s] = _random.Next(1_000, 1_000_000);
            _series[s] = new(d.Name, SampleTypes.Parse(d.Type)!.Value, d.Unit, ResourceId(r), ProjectId(r), UserId(r), "openstack");
            _heads[s] = Encoding.UTF8.GetBytes(
                $"{{\"counter_name\":\"{d.Name}\",\"counter_type\":\"{d.Type}\",\"counter_unit\":\"{d.Unit}\",\"resource_id\":\"{ResourceId(r)}\","
                + $"\"project_id\":\"{ProjectId(r)}\",\"user_id\":\"{UserId(r)}\",\"source\":\"openstack\",\"counter_volume\":");
        }
        for (var m = 0; m < _metadata.Length; m++)
        {
            var (r, status) = (m / Statuses.Length, Statuses[m % Statuses.Length]);
            _metadata[m] = Encoding.UTF8.GetBytes(
                $"{{\"display_name\":\"vm-{r}\",\"flavor\":\"m1.{new[] { "small", "medium", "large" }[r % 3]}\",\"host\":\"compute-{r % 40}\","
                + $"\"image_ref\":\"{Id($"img/{r % 12}")}\",\"status\":\"{status}\",\"vcpus\":\"{1 + r % 8}\"}}");
            _parsed[m] = Metadata.Parse(_metadata[m]);
        }
    }

    public static string ResourceId(int resource) => Id($"r/{resource}");
    public static string ProjectId(int resource) => Id($"p/{resource % 50}").Replace("-", "", StringComparison.Ordinal);

    /// <summary>The next batch of a poll as a JSON list.</summary>
    public void WriteJson(int poll, int batch, ArrayBufferWriter<byte> output)
    {
        var at = Encoding.UTF8.GetBytes($",\"timestamp\":\"{Start.AddMinutes(poll):yyyy-MM-ddTHH:mm:ss}\",\"resource_metadata\":");
        Span<byte> random = stackalloc byte[48];
        for (var i = 0; i < BatchSize; i++)
        {
            var s = batch * BatchSize + i;
            output.Write(i == 0 ? "["u8 : ","u8);
            output.Write(_heads[s]);
            var number = output.GetSpan(32);
            Utf8Formatter.TryFormat(Next(s), number, out var written);
            output.Advance(written);
            output.Write(at);
            output.Write(_metadata[MetadataOf(s, poll)]);
            if (_ids)
            {
                _random.NextBytes(random);
                output.Write(",\"message_id\":\""u8);
                Utf8Formatter.TryFormat(new Guid(random[..16]), output.GetSpan(36), out written);
                output.Advance(written);
                output.Write("\",\"message_signature\":\""u8);
                Convert.TryToHexStringLower(random[16..], output.GetSpan(64), out written);
                output.Advance(written);
                output.Write("\""u8);
            }
            output.Write("}"u8);
        }
        output.Write("]"u8);
    }

    /// <summary>The next batch of a poll as columns.</summary>
    public SampleBatch Batch(int poll, int batch)
    {
        var (timestamps, volumes, metadata) = (new long[BatchSize], new double[BatchSize], new Metadata[BatchSize]);
        Array.Fill(timestamps, UnixMicroseconds.From(Start.AddMinutes(poll)));
        for (var i = 0; i < BatchSize; i++)
        {
            var s = batch * BatchSize + i;
            volumes[i] = Next(s);
            metadata[i] = _parsed[MetadataOf(s, poll)];
        }
        return new(_series.AsSpan(batch * BatchSize, BatchSize).ToArray(), timestamps, volumes, metadata);
    }

    private static string UserId(int resource) => Id($"u/{resource % 200}").Replace("-", "", StringComparison.Ordinal);

    private static string Id(string name) =>
        new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)).ToString("D", CultureInfo.InvariantCulture);

    private static int MetadataOf(int series, int poll) => series / Meters * Statuses.Length + (series / Meters * 7 + poll / 97) % Statuses.Length;

    private double Next(int series) => _values[series] = Definitions[series % Meters].Kind switch
    {
        'c' => _values[series] + _random.Next(_steps[series]),
        'g' => Math.Clamp(Math.Round(_values[series] + (_random.NextDouble() + _random.NextDouble() + _random.NextDouble() - 1.5) * 3, 2), 0, 100),
        _ => _values[series],
    };
}
