using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Samples;

/// <summary>Which events may hold a sample of a foreign id: a Bloom filter an event, 12 bits an id, 8 bits set for each.</summary>
/// <remarks>One id in about 300 is said to be where it is not; the log then tells. Source: Bloom, "Space/time trade-offs in hash
/// coding with allowable errors" (1970); two hashes make all as in Kirsch and Mitzenmacher (2006).</remarks>
internal static class ForeignIds
{
    private const int BitsPerId = 12;
    private const int Hashes = 8;

    /// <summary>The filter of a batch, null where its sender gave no id.</summary>
    public static byte[]? FilterOf(SampleBatch batch)
    {
        if (batch.MessageIds is not { } ids)
            return null;
        var count = ids.Others.Count;
        foreach (var id in ids.Uuids)
            count += id == Guid.Empty ? 0 : 1;
        if (count == 0)
            return null;
        var filter = new byte[(count * BitsPerId + 7) / 8];
        for (var i = 0; i < ids.Count; i++)
        {
            if (ids.Uuids[i] != Guid.Empty)
                Set(filter, HashOf(ids.Uuids[i]));
            else if (ids.Others.TryGetValue(i, out var other))
                Set(filter, HashOf(other));
        }
        return filter;
    }

    public static (ulong, ulong) HashOf(string id) =>
        Guid.TryParseExact(id, "D", out var uuid) && uuid.ToString() == id ? HashOf(uuid) : HashOf(Encoding.UTF8.GetBytes(id));

    /// <summary>Of some events those whose filters pass some hashes, each with the number of the hash.</summary>
    public static List<(long Position, int Hash)> ThatMayHold(IEnumerable<(long Position, byte[] Filter)> events, IReadOnlyList<(ulong, ulong)> hashes)
    {
        var found = new List<(long, int)>();
        foreach (var (position, filter) in events)
        {
            for (var n = 0; n < hashes.Count; n++)
            {
                if (MayHold(filter, hashes[n]))
                    found.Add((position, n));
            }
        }
        return found;
    }

    public static bool MayHold(ReadOnlySpan<byte> filter, (ulong First, ulong Second) hash)
    {
        var bits = (ulong)filter.Length * 8;
        for (var i = 0; i < Hashes; i++)
        {
            var bit = unchecked(hash.First + (ulong)i * hash.Second) % bits;
            if ((filter[(int)(bit >> 3)] & 1 << (int)(bit & 7)) == 0)
                return false;
        }
        return true;
    }

    private static void Set(Span<byte> filter, (ulong First, ulong Second) hash)
    {
        var bits = (ulong)filter.Length * 8;
        for (var i = 0; i < Hashes; i++)
        {
            var bit = unchecked(hash.First + (ulong)i * hash.Second) % bits;
            filter[(int)(bit >> 3)] |= (byte)(1 << (int)(bit & 7));
        }
    }

    // UUIDs of version 1 differ in a few bits only, so they are mixed (the finisher of MurmurHash3) and not taken as they are.
    private static (ulong, ulong) HashOf(Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes);
        var low = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var high = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        var first = Mix(low ^ Mix(high));
        return (first, Mix(high ^ first) | 1);
    }

    private static (ulong, ulong) HashOf(byte[] text)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(text, hash);
        return (BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]) | 1);
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
        x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
        return x ^ x >> 33;
    }
}
