using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

/// <summary>The parser against a slow reading of the same bodies by System.Text.Json's documents, and against damaged bodies.</summary>
public sealed class SampleParserPropertyTests
{
    private static readonly string[] Texts = ["a", "żółw", "🐢", "x\"y\\z", "tab\t", new string('n', 255), "instance-00000001", "b c"];

    [Fact]
    public void It_reads_what_a_document_reads()
    {
        var random = new Random(20260101);
        var reader = Bodies.Reader();
        for (var round = 0; round < 300; round++)
        {
            var samples = Enumerable.Range(0, random.Next(1, 30)).Select(_ => RandomSample(random)).ToArray();
            var json = new JsonArray([.. samples.Select(s => s.DeepClone())]).ToJsonString(new JsonSerializerOptions
            {
                WriteIndented = random.Next(2) == 0,
                Encoder = random.Next(2) == 0 ? System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping : null,
            });

            var batch = reader.Read(Encoding.UTF8.GetBytes(json), SampleFormat.Json, SampleRules.ForMessages()).Batch;

            using var document = JsonDocument.Parse(json);
            Assert.Equal(document.RootElement.GetArrayLength(), batch.Count);
            foreach (var (i, expected) in document.RootElement.EnumerateArray().Index())
                AssertSame(expected, batch, i);
        }
    }

    [Fact]
    public void Damaged_bodies_are_read_or_refused_and_never_fail_otherwise()
    {
        var random = new Random(7);
        var reader = Bodies.Reader();
        SampleRules[] rules = [SampleRules.ForMessages(), SampleRules.ForMeter("a", "p", null, "p")];
        var (read, refused) = (0, 0);
        for (var round = 0; round < 10_000; round++)
        {
            var json = new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => (JsonNode)RandomSample(random))]).ToJsonString();
            var body = Encoding.UTF8.GetBytes(json);
            for (var damage = random.Next(1, 4); damage > 0; damage--)
                body = Damage(body, random);
            try
            {
                reader.Read(body, (SampleFormat)random.Next(2), rules[random.Next(2)]);
                read++;
            }
            catch (SampleFaultException)
            {
                refused++;
            }
        }
        Assert.True(read > 100, $"{read} of the damaged bodies were read");
        Assert.True(refused > 5_000, $"{refused} of the damaged bodies were refused");
    }

    private static byte[] Damage(byte[] body, Random random)
    {
        if (body.Length == 0)
            return body;
        var at = random.Next(body.Length);
        switch (random.Next(5))
        {
            case 0: // truncated
                return body[..at];
            case 1: // a part twice
                return [.. body[..at], .. body[random.Next(at + 1)..]];
            case 2: // a part lost
                return [.. body[..at], .. body[Math.Min(body.Length, at + random.Next(1, 20))..]];
            case 3:
                body[at] = "{}[]\",:\\0e\u00ff"u8[random.Next(11)];
                return body;
            default:
                body[at] ^= (byte)(1 << random.Next(8));
                return body;
        }
    }

    private static JsonObject RandomSample(Random random)
    {
        string Text() => Texts[random.Next(Texts.Length)];
        var fields = new List<KeyValuePair<string, JsonNode?>>
        {
            new("counter_name", Text()),
            new("counter_type", new[] { "gauge", "delta", "cumulative" }[random.Next(3)]),
            new("counter_unit", random.Next(4) == 0 ? null : Text()),
            new("counter_volume", random.Next(3) switch
            {
                0 => random.Next(),
                1 => random.NextDouble() * Math.Pow(10, random.Next(-20, 20)),
                _ => Math.Round(random.NextDouble() * 100, 2).ToString(CultureInfo.InvariantCulture),
            }),
            new("resource_id", Text()),
        };
        void Perhaps(string name, Func<JsonNode?> value)
        {
            if (random.Next(2) == 0)
                fields.Add(new(name, random.Next(8) == 0 ? null : value()));
        }
        Perhaps("project_id", () => Text());
        Perhaps("user_id", () => Text());
        Perhaps("source", () => Text());
        Perhaps("timestamp", () => DateTime.UnixEpoch.AddTicks(random.NextInt64(0, 10_000_000_000_000) * 10).ToString(
            new[] { "yyyy-MM-ddTHH:mm:ss.ffffff", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ss+02:00" }[random.Next(4)], CultureInfo.InvariantCulture));
        Perhaps("resource_metadata", () => random.Next(3) switch
        {
            0 => new JsonObject(),
            1 => new JsonObject { ["b"] = Text(), ["a"] = new JsonArray(1, 2.5, null, new JsonObject { ["k"] = true }) },
            _ => new JsonObject { [Text()] = random.Next(3) },
        });
        Perhaps("message_id", () => random.Next(2) == 0 ? Guid.NewGuid().ToString() : Text()[..1]);
        Perhaps("message_signature", () => Convert.ToHexStringLower(Encoding.ASCII.GetBytes("0123456789abcdef0123456789abcdef")));
        Perhaps("monotonic_time", () => random.NextDouble());
        return new JsonObject(fields.OrderBy(_ => random.Next()));
    }

    private static void AssertSame(JsonElement expected, SampleBatch batch, int i)
    {
        string? Text(string name) => expected.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var series = batch.Series[i];
        Assert.Equal(Text("counter_name"), series.Meter);
        Assert.Equal(Text("counter_type"), series.Type.Name());
        Assert.Equal(Text("counter_unit"), series.Unit);
        Assert.Equal(Text("resource_id"), series.ResourceId);
        Assert.Equal(Text("project_id"), series.ProjectId);
        Assert.Equal(Text("user_id"), series.UserId);
        Assert.Equal(Text("source") ?? "openstack", series.Source);
        var volume = expected.GetProperty("counter_volume");
        Assert.Equal(volume.ValueKind == JsonValueKind.String ? double.Parse(volume.GetString()!, CultureInfo.InvariantCulture) : volume.GetDouble(), batch.Volumes[i]);
        Assert.Equal(
            Text("timestamp") is { } at
                ? UnixMicroseconds.From(DateTimeOffset.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal))
                : Bodies.Now,
            batch.Timestamps[i]);
        Assert.Equal(
            expected.TryGetProperty("resource_metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object ? Metadata.From(metadata) : Metadata.Empty,
            batch.Metadata[i]);
        Assert.Equal(Text("message_id"), batch.MessageIds?[i]);
        Assert.Equal(Text("message_signature"), batch.Signature(i));
    }
}
