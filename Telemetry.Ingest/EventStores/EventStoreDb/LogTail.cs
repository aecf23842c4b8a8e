using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>The end of the log that the index may not have yet, and the last versions of streams in use. Safe for use by many threads.</summary>
internal sealed class LogTail(long indexed)
{
    private const int MaxVersions = 200_000;

    private readonly Lock _lock = new();
    private readonly Queue<Entry> _entries = []; // ascending
    private readonly Dictionary<EventId, Entry> _byId = [];
    private readonly Dictionary<StreamName, List<(Entry Entry, int Part)>> _byStream = [];
    private readonly Dictionary<StreamName, long> _versions = [];
    private long _head = indexed;

    /// <summary>An event of the log.</summary>
    internal sealed record Entry(long Position, EventId Id, IReadOnlyList<StreamVersion> Streams, int Following);

    /// <summary>The position up to which everything is known here.</summary>
    public long Head => Volatile.Read(ref _head);

    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Takes the next event of the log.</summary>
    public void Add(LogRecord record)
    {
        var entry = new Entry(record.Event.Position, record.Event.Id, record.Event.Streams, record.Following);
        lock (_lock)
        {
            _entries.Enqueue(entry);
            _byId.TryAdd(entry.Id, entry);
            foreach (var (part, (stream, version)) in entry.Streams.Index())
            {
                if (!_byStream.TryGetValue(stream, out var events))
                    _byStream.Add(stream, events = []);
                events.Add((entry, part));
                _versions[stream] = version;
            }
            Volatile.Write(ref _head, entry.Position);
        }
    }

    /// <summary>The first events that the index may not have.</summary>
    public List<Entry> Take(int count)
    {
        lock (_lock)
            return [.. _entries.Take(count)];
    }

    /// <summary>The index has everything up to a position.</summary>
    public void Indexed(long position)
    {
        lock (_lock)
        {
            while (_entries.TryPeek(out var entry) && entry.Position <= position)
            {
                _entries.Dequeue();
                _byId.Remove(entry.Id);
                foreach (var (stream, _) in entry.Streams)
                {
                    var events = _byStream[stream];
                    events.RemoveAt(0);
                    if (events.Count == 0)
                        _byStream.Remove(stream);
                }
            }
            if (_versions.Count > MaxVersions)
            {
                foreach (var stream in _versions.Keys.Where(s => !_byStream.ContainsKey(s)).ToList())
                    _versions.Remove(stream);
            }
        }
    }

    public Entry? Find(EventId id)
    {
        lock (_lock)
            return _byId.GetValueOrDefault(id);
    }

    /// <summary>A stream's events that the index may not have, ascending: position and which of the event's streams it is.</summary>
    public List<(long Version, long Position, int Part)> Find(StreamName stream)
    {
        lock (_lock)
            return _byStream.TryGetValue(stream, out var events) ? events.ConvertAll(e => (e.Entry.Streams[e.Part].Version, e.Entry.Position, e.Part)) : [];
    }

    /// <summary>A stream's last version, null where it is not known here.</summary>
    public long? VersionOf(StreamName stream)
    {
        lock (_lock)
            return _versions.TryGetValue(stream, out var version) ? version : null;
    }

    /// <summary>Keeps a version that was asked for while nothing was added.</summary>
    public void Keep(StreamName stream, long version)
    {
        lock (_lock)
            _versions.TryAdd(stream, version);
    }

    /// <summary>The streams of events that the index may not have.</summary>
    public List<StreamName> Streams()
    {
        lock (_lock)
            return [.. _byStream.Keys];
    }
}
