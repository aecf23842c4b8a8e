using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Tests.Samples;

/// <summary>Batches as hostile as they come: late, out of order, with equal timestamps, changing owners and metadata, foreign ids.</summary>
internal sealed class RandomSamples(int seed)
{
    /// <summary>2026-01-01T00:00:00Z.</summary>
    public const long Start = 1_767_225_600L * UnixMicroseconds.PerSecond;

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, double> _counters = [];
    private int _clock;
    private SeriesKey[] _repeated = [];

    public static readonly string[] Meters = ["cpu", "memory", "requests", "temperature"];
    public static readonly string[] Resources = ["r1", "r2", "r3", "r4", "r5"];
    public static readonly string?[] Projects = ["p1", "p2", null];
    public static readonly string?[] Users = ["u1", "u2", null];
    public List<string> ForeignIds { get; } = [];

    public static readonly Metadata[] Versions =
    [
        Metadata.Empty,
        Metadata.Parse("""{"status":"active","flavor":{"name":"small","vcpus":1}}"""u8),
        Metadata.Parse("""{"status":"paused","flavor":{"name":"small","vcpus":2}}"""u8),
        Metadata.Parse("""{"status":"active","flavor":{"name":"large","vcpus":4.5},"ok":true}"""u8),
    ];

    public SampleBatch Batch(int count)
    {
        var repeats = _repeated.Length == count && _random.Next(2) == 0;
        var keys = repeats ? _repeated : _repeated = new SeriesKey[count];
        var (times, volumes, metadata) = (new long[count], new double[count], new Metadata[count]);
        for (var i = 0; i < count; i++)
        {
            var (meter, resource) = repeats ? (keys[i].Meter, keys[i].ResourceId) : (Of(Meters), Of(Resources));
            // Owners and units change now and then, so that a meter on a resource has several series.
            keys[i] = repeats ? keys[i] : new(
                meter, meter switch { "cpu" => SampleType.Cumulative, "requests" => SampleType.Delta, _ => SampleType.Gauge },
                meter == "memory" && _random.Next(20) == 0 ? null : "unit-" + meter, resource,
                _random.Next(10) == 0 ? Of(Projects) : Projects[resource[1] % 3], _random.Next(15) == 0 ? Of(Users) : "u1", "openstack");
            times[i] = Time();
            volumes[i] = Volume(meter, resource);
            metadata[i] = _random.Next(8) == 0 ? Of(Versions) : Versions[1 + resource[1] % 3];
        }
        var withIds = _random.Next(4) == 0;
        var withSignatures = _random.Next(4) == 0;
        return new(keys, times, volumes, metadata, withIds ? Ids(count) : null, withSignatures ? Signatures(count) : null) { RepeatsSeries = repeats };
    }

    public T Of<T>(IReadOnlyList<T> values) => values[_random.Next(values.Count)];

    public int Next(int below) => _random.Next(below);

    private long Time()
    {
        if (_random.Next(3) > 0)
            _clock += _random.Next(200);
        var at = Start + _clock * UnixMicroseconds.PerSecond;
        return _random.Next(12) switch
        {
            0 => at - _random.Next(200_000) * UnixMicroseconds.PerSecond, // days late
            1 => at + _random.Next(1_000_000), // between seconds
            2 => Start + _random.Next(30) * UnixMicroseconds.PerHour, // on the hour
            3 when _random.Next(50) == 0 => _random.NextInt64(UnixMicroseconds.Min, UnixMicroseconds.Max),
            _ => at,
        };
    }

    private double Volume(string meter, string resource)
    {
        if (meter != "cpu")
            return meter == "temperature" ? _random.NextDouble() * 100 : Math.Round(_random.NextDouble() * 50, 2);
        var value = _random.Next(30) == 0 ? 0 : _counters.GetValueOrDefault(resource) + _random.Next(1_000_000);
        return _counters[resource] = value;
    }

    private MessageIds Ids(int count)
    {
        var uuids = new Guid[count];
        var others = new Dictionary<int, string>();
        for (var i = 0; i < count; i++)
        {
            switch (_random.Next(4))
            {
                case 0:
                    uuids[i] = Guid.NewGuid();
                    ForeignIds.Add(uuids[i].ToString());
                    break;
                case 1:
                    others[i] = "id-" + _random.Next(30); // given twice, now and then
                    ForeignIds.Add(others[i]);
                    break;
            }
        }
        return new(uuids, others);
    }

    private byte[] Signatures(int count)
    {
        var signatures = new byte[32 * count];
        for (var i = 0; i < count; i++)
        {
            if (_random.Next(2) == 0)
                _random.NextBytes(signatures.AsSpan(32 * i, 32));
        }
        return signatures;
    }
}
