using System.Text;
using System.Text.Json;

namespace Telemetry.Ingest.Tests.Notifications;

/// <summary>Messages recorded from running services, and what Ceilometer 19 made of them.</summary>
internal static class Recordings
{
    public static readonly IReadOnlyDictionary<int, JsonElement> Goldens =
        Lines("golden-ceilometer-19.jsonl").ToDictionary(g => g.GetProperty("n").GetInt32());

    public static IReadOnlyDictionary<int, byte[]> Messages(string file = "recorded.jsonl") =>
        Lines(file).ToDictionary(m => m.GetProperty("n").GetInt32(), m => Encoding.UTF8.GetBytes(m.GetProperty("body").GetString()!));

    private static IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(TestData.Path($"notifications/{file}")).Select(line => JsonElement.Parse(line));
}
