using System.Text;
using Telemetry.Conformance;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

/// <summary>Bodies of samples, and the reader that the tests give them to.</summary>
internal static class Bodies
{
    public const long Now = 1_767_225_600_000_000;

    /// <summary>A sample in the message form with everything that must be there; fields given here replace or add to it.</summary>
    /// <param name="fields">Pairs of a name and a raw JSON value; null as the value leaves the field out.</param>
    public static string Sample(params (string Name, string? Json)[] fields)
    {
        var all = new Dictionary<string, string?>
        {
            ["counter_name"] = "\"cpu\"",
            ["counter_type"] = "\"cumulative\"",
            ["counter_unit"] = "\"ns\"",
            ["counter_volume"] = "1.5",
            ["resource_id"] = "\"r1\"",
            ["timestamp"] = "\"2026-01-01T00:00:00\"",
        };
        foreach (var (name, json) in fields)
            all[name] = json;
        return $"{{{string.Join(",", all.Where(f => f.Value is not null).Select(f => $"\"{f.Key}\":{f.Value}"))}}}";
    }

    public static string List(params string[] samples) => $"[{string.Join(",", samples)}]";

    public static SampleReader Reader(SampleLimits? limits = null, SigningSecrets? secrets = null) => new(limits ?? new(), new FixedClock(), secrets ?? SigningSecrets.None);

    public static ParsedSamples Read(string json, SampleRules? rules = null, SampleFormat format = SampleFormat.Json) =>
        Reader().Read(Encoding.UTF8.GetBytes(json), format, rules ?? SampleRules.ForMessages());

    public static SampleFault Fault(string json, SampleRules? rules = null, SampleFormat format = SampleFormat.Json) =>
        Assert.Throws<SampleFaultException>(() => Read(json, rules, format)).Fault;

    public static byte[] Data(string name) => File.ReadAllBytes(Repository.File($"tests/data/samples/{name}"));

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now * 10);
    }
}
