using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>Versions of streams: whether an append fits them, and the column <c>events.streams</c>: how many events of the same append follow, then the streams' numbers and versions, as varints.</summary>
/// <remarks>It spares an index from positions to streams, which would take five times the space.</remarks>
internal static class StreamVersions
{
    public static byte[] Write(int following, IReadOnlyList<(long Stream, long Version)> streams)
    {
        using var bytes = new MemoryStream(8 * streams.Count + 8);
        using var writer = new BinaryWriter(bytes);
        writer.Write7BitEncodedInt(following);
        foreach (var (stream, version) in streams)
        {
            writer.Write7BitEncodedInt64(stream);
            writer.Write7BitEncodedInt64(version);
        }
        return bytes.ToArray();
    }

    public static (int Following, List<(long Stream, long Version)> Streams) Read(ReadOnlySpan<byte> column)
    {
        using var bytes = new MemoryStream(column.ToArray());
        using var reader = new BinaryReader(bytes);
        var following = reader.Read7BitEncodedInt();
        var streams = new List<(long, long)>();
        while (bytes.Position < bytes.Length)
            streams.Add((reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64()));
        return (following, streams);
    }

    /// <summary>Whether an append that is not stored yet may be, by what is stored.</summary>
    /// <exception cref="ArgumentException">An event other than the first is stored already.</exception>
    /// <exception cref="WrongExpectedVersionException">A stream has another version than expected.</exception>
    public static void Check(IReadOnlyList<NewEvent> events, Func<EventId, bool> isStored, Func<StreamName, long> versionOf)
    {
        var ahead = events.Count > 1 ? new Dictionary<StreamName, long>() : null; // events of this append, not written yet
        for (var i = 0; i < events.Count; i++)
        {
            if (i > 0 && isStored(events[i].Id))
                throw new ArgumentException($"Event {events[i].Id} is stored already, though the first of its append is not.");
            if (events[i].Given is var (held, at))
                Demand(held, at);
            foreach (var (stream, expected) in events[i].Streams)
            {
                Demand(stream, expected);
                if (ahead is not null)
                    ahead[stream] = ahead.GetValueOrDefault(stream) + 1;
            }
        }

        void Demand(StreamName stream, long? expected)
        {
            var actual = versionOf(stream) + (ahead?.GetValueOrDefault(stream) ?? 0);
            if (expected is { } version && version != actual)
                throw new WrongExpectedVersionException(stream, version, actual);
        }
    }

    /// <summary>Of every stream the last version that is there, as an append answers.</summary>
    public static List<StreamVersion> Last(IEnumerable<StreamVersion> versions)
    {
        var last = new Dictionary<StreamName, long>();
        foreach (var (stream, version) in versions)
            last[stream] = version;
        return [.. last.Select(v => new StreamVersion(v.Key, v.Value))];
    }
}
