using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Stores;

/// <summary>How the parts of telemetry events are kept, whatever the store.</summary>
internal static class EventBytes
{
    /// <summary>Stands for the type of an event among the traits.</summary>
    public const int TypeTrait = 0;

    /// <summary>Stands for the absence of a text <c>project_id</c>.</summary>
    public const int NoProjectTrait = -1;

    /// <summary>The trait that says whose an event is.</summary>
    public static readonly TraitDescription ProjectTrait = new("project_id", TraitType.Text);

    /// <summary>Numbers as varints of 7 bits, the lowest first.</summary>
    public static byte[] Numbers(ReadOnlySpan<long> numbers)
    {
        var bytes = new List<byte>(numbers.Length * 3);
        foreach (var number in numbers)
        {
            var rest = (ulong)number;
            for (; rest >= 0x80; rest >>= 7)
                bytes.Add((byte)(rest | 0x80));
            bytes.Add((byte)rest);
        }
        return [.. bytes];
    }

    public static List<long> Numbers(byte[] bytes)
    {
        var numbers = new List<long>(bytes.Length / 2);
        var (number, shift) = (0L, 0);
        foreach (var b in bytes)
        {
            number |= (long)(b & 0x7f) << shift;
            shift += 7;
            if (b >= 0x80)
                continue;
            numbers.Add(number);
            (number, shift) = (0, 0);
        }
        return numbers;
    }

    /// <summary>The raw notification, packed; null where it was not asked for.</summary>
    public static byte[]? Raw(TelemetryEvent e)
    {
        if (!e.HasRaw)
            return null;
        var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            brotli.Write(Encoding.UTF8.GetBytes(e.Raw.GetRawText()));
        return packed.ToArray();
    }

    public static JsonElement Raw(byte[] packed)
    {
        using var brotli = new BrotliStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var document = JsonDocument.Parse(brotli, new JsonDocumentOptions { MaxDepth = 256 });
        return document.RootElement.Clone();
    }
}
