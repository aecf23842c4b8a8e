using Microsoft.Data.Sqlite;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>Which events a stream has: the table <c>stream_events</c>, and the last events, which are not in it yet.</summary>
/// <remarks>
/// A batch over fifty streams would touch fifty leaves of the table in every commit, ten times what its payload writes. So the rows of many
/// events are inserted together, stream by stream; until then they are here, and after a crash they are read from <c>events.streams</c> again.
/// A reader asks for what waits before it asks the table: what waits at that moment is never missing from both.
/// </remarks>
internal sealed class StreamIndex
{
    /// <summary>So many events wait at most, before the group that makes it more.</summary>
    public const int MaxWaiting = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, List<Entry>> _waiting = []; // changed by the writer, under the lock
    private readonly List<(long Stream, Entry Entry)> _written = []; // by the open transaction
    private int _events;

    /// <summary>An event's place in a stream.</summary>
    internal readonly record struct Entry(long Version, long Position, int Part);

    /// <summary>What waits of a stream, ascending; empty where the table has everything.</summary>
    public Entry[] Waiting(long stream)
    {
        lock (_lock)
            return _waiting.TryGetValue(stream, out var entries) ? [.. entries] : [];
    }

    /// <summary>Everything that waits.</summary>
    public List<(long Stream, Entry Entry)> Waiting()
    {
        lock (_lock)
            return [.. _waiting.SelectMany(w => w.Value, static (w, entry) => (w.Key, entry))];
    }

    /// <summary>The last versions of the streams with events that wait.</summary>
    public Dictionary<long, long> LastVersions()
    {
        lock (_lock)
            return _waiting.ToDictionary(w => w.Key, w => w.Value[^1].Version);
    }

    /// <summary>Of the open transaction; seen by readers once it is committed.</summary>
    public void Add(long stream, long version, long position, int part) => _written.Add((stream, new(version, position, part)));

    /// <summary>Makes what the transaction wrote visible to readers.</summary>
    public void Committed(int events)
    {
        lock (_lock)
        {
            foreach (var (stream, entry) in _written)
            {
                if (!_waiting.TryGetValue(stream, out var entries))
                    _waiting.Add(stream, entries = []);
                entries.Add(entry);
            }
        }
        _written.Clear();
        _events += events;
    }

    public void RolledBack() => _written.Clear();

    /// <summary>Writes what waits, in the writer's transaction, where it has become enough; the caller says <see cref="Stored"/> after the commit.</summary>
    public bool StoreWhenDue(Statements statements)
    {
        if (_events < MaxWaiting)
            return false;
        var last = 0L;
        foreach (var (stream, entries) in _waiting.OrderBy(w => w.Key))
        {
            foreach (var entry in entries)
                statements.Insert.Bind(1, stream).Bind(2, entry.Version).Bind(3, entry.Position).Bind(4, entry.Part).Run();
            statements.Update.Bind(1, entries[^1].Version).Bind(2, stream).Run();
            last = Math.Max(last, entries[^1].Position);
        }
        statements.Mark.Bind(1, last).Run();
        return true;
    }

    /// <summary>The table has everything that waited.</summary>
    public void Stored()
    {
        lock (_lock)
            _waiting.Clear();
        _events = 0;
    }

    /// <summary>Reads what an earlier process left waiting.</summary>
    public void Load(SqliteConnection connection)
    {
        using var rows = new SqliteStatement(connection, "select position, streams from events where position > (select position from indexed) order by position");
        var events = 0;
        for (; rows.Read(); events++)
        {
            var position = rows.Int64(0);
            foreach (var (part, (stream, version)) in StreamVersions.Read(rows.Blob(1)).Streams.Index())
                Add(stream, version, position, part);
        }
        Committed(events);
    }

    /// <summary>The writer's statements for it.</summary>
    internal sealed class Statements(SqliteConnection connection) : IDisposable
    {
        public SqliteStatement Insert { get; } = new(connection, "insert into stream_events (stream, version, position, part) values (?, ?, ?, ?)");
        public SqliteStatement Update { get; } = new(connection, "update streams set version = ? where id = ?");
        public SqliteStatement Mark { get; } = new(connection, "update indexed set position = ?");

        public void Dispose()
        {
            Insert.Dispose();
            Update.Dispose();
            Mark.Dispose();
        }
    }
}
