using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>What the log will have once a group of appends is written: positions and versions from where it stands.</summary>
/// <param name="versions">The last versions of all streams that the group writes to or is given by.</param>
internal sealed class LogDraft(LogTail tail, Dictionary<StreamName, long> versions, DateTimeOffset now)
{
    /// <summary>The version of a stream that takes nothing any more.</summary>
    public const long Deleted = -1;

    private long _head = tail.Head;

    /// <summary>Gives an append its place, and sets its result.</summary>
    /// <exception cref="WrongExpectedVersionException">A stream has another version than expected; the append has no place.</exception>
    /// <exception cref="ArgumentException">A stream was deleted for good.</exception>
    public List<LogRecord> Add(PendingAppend append)
    {
        var own = new Dictionary<StreamName, long>();
        var records = new List<LogRecord>(append.Events.Count);
        foreach (var e in append.Events)
        {
            if (e.Given is { } given && VersionOf(given.Stream) is var stands && stands != given.Version)
                throw new WrongExpectedVersionException(given.Stream, given.Version, stands);
            var streams = new List<StreamVersion>(e.Streams.Count);
            foreach (var (stream, expected) in e.Streams)
            {
                var actual = VersionOf(stream);
                if (actual == Deleted)
                    throw new ArgumentException($"Stream '{stream}' was deleted for good in EventStoreDB (tombstone): it takes nothing any more.");
                if (expected is { } wanted && wanted != actual)
                    throw new WrongExpectedVersionException(stream, wanted, actual);
                own[stream] = actual + 1;
                streams.Add(new(stream, actual + 1));
            }
            records.Add(new(new RecordedEvent(
                _head + records.Count + 1, e.Id, e.Type, e.Body, streams, e.RecordedAt ?? now, e.Metadata ?? EventMetadata.None), append.Events.Count - records.Count - 1));
        }
        foreach (var (stream, version) in own)
            versions[stream] = version;
        _head += records.Count;
        append.Result = new(_head, [.. own.Select(v => new StreamVersion(v.Key, v.Value))], AlreadyStored: false);
        return records;

        long VersionOf(StreamName stream) => own.TryGetValue(stream, out var version) ? version : versions[stream];
    }
}
