using System.Buffers;
using Microsoft.Data.Sqlite;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>Writes appends into the file, on one thread and within its caller's transaction.</summary>
/// <remarks>What it knows of streams and catalogue runs ahead of the file by the open transaction; <see cref="Rollback"/> brings both together again.</remarks>
internal sealed class EventLogWriter : IDisposable
{
    private const int MaxStreamsInMemory = 100_000;

    private readonly SqliteConnection _connection;
    private readonly CatalogTables.Writer _catalog;
    private readonly TimeProvider _clock;
    private readonly Dictionary<StreamName, StreamState> _streams = [];
    private readonly StreamIndex _index;
    private readonly StreamIndex.Statements _indexing;
    private bool _indexed;
    private int _eventsWritten;
    private readonly ArrayBufferWriter<byte> _encoded = new(64 << 10);
    private readonly SqliteStatement _begin, _commit, _rollback, _findEvent, _findStream, _findName, _insertStream, _insertEvent;
    private long _head;

    public EventLogWriter(SqliteConnection connection, CatalogTables tables, StreamIndex index, TimeProvider clock)
    {
        _index = index;
        _indexing = new(connection);
        _connection = connection;
        _clock = clock;
        _catalog = new(tables, connection);
        _begin = new(connection, "begin immediate");
        _commit = new(connection, "commit");
        _rollback = new(connection, "rollback");
        _findEvent = new(connection, "select position, streams from events where id = ?");
        _findStream = new(connection, "select id, version from streams where name = ?");
        _findName = new(connection, "select name from streams where id = ?");
        _insertStream = new(connection, "insert into streams (name, version) values (?, 0) returning id");
        _insertEvent = new(connection,
            "insert into events (position, id, recorded_at, type, content_type, metadata, streams, data) values (?, ?, ?, ?, ?, ?, ?, ?)");
        _head = EventLogFile.Scalar(connection, "select coalesce(max(position), 0) from events");
        index.Load(connection);
    }

    /// <summary>The last position written.</summary>
    public long Head => _head;

    /// <summary>About how many pages the transaction has written.</summary>
    public long Pages { get; private set; }

    public void Begin()
    {
        Pages = 0;
        _begin.Run();
        _indexed = _index.StoreWhenDue(_indexing);
    }

    public void Commit()
    {
        _commit.Run();
        if (_indexed)
            _index.Stored();
        _index.Committed(_eventsWritten);
        _eventsWritten = 0;
        _catalog.Committed();
        if (_streams.Count > MaxStreamsInMemory)
            _streams.Clear();
    }

    public void Rollback()
    {
        // Some errors, such as a full disk, make SQLite roll back by itself.
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            _rollback.Run();
        _index.RolledBack();
        _eventsWritten = 0;
        _streams.Clear();
        _catalog.RolledBack();
        _head = EventLogFile.Scalar(_connection, "select coalesce(max(position), 0) from events");
    }

    /// <summary>Writes one append, or finds that it is stored already.</summary>
    /// <exception cref="WrongExpectedVersionException">Nothing was written.</exception>
    /// <exception cref="ArgumentException">Nothing was written.</exception>
    public void Write(PendingAppend append)
    {
        if (Stored(append.Events[0].Id) is { } stored)
        {
            append.Result = stored;
            return;
        }
        StreamVersions.Check(append.Events, id => FindEvent(id) is not null, stream => StateOf(stream).Version);
        var bodies = append.Events.Select(Encode).ToArray(); // all of them before the first is written, as each may be refused
        var now = UnixMicroseconds.From(_clock.GetUtcNow());
        var recorded = new RecordedEvent[bodies.Length];
        for (var i = 0; i < recorded.Length; i++)
            recorded[i] = Insert(append.Events[i], bodies[i], bodies.Length - i - 1, append.Events[i].RecordedAt is { } at ? UnixMicroseconds.From(at) : now);
        append.Recorded = recorded;
        append.Result = new AppendResult(_head, StreamVersions.Last(recorded.SelectMany(e => e.Streams)), AlreadyStored: false);
    }

    public void Dispose()
    {
        foreach (var statement in (SqliteStatement[])
            [_begin, _commit, _rollback, _findEvent, _findStream, _findName, _insertStream, _insertEvent])
            statement.Dispose();
        _indexing.Dispose();
        _catalog.Dispose();
        _connection.Dispose();
    }

    private (string ContentType, ReadOnlyMemory<byte> Data) Encode(NewEvent e)
    {
        if (e.Body is EventBody.Json json)
            return PackedJson.Pack(json.Utf8);
        _encoded.ResetWrittenCount();
        SampleBatchCodec.EncodeForLog(((EventBody.Samples)e.Body).Batch, _catalog, _encoded);
        return (SampleBatchCodec.ContentType, _encoded.WrittenSpan.ToArray());
    }

    private RecordedEvent Insert(NewEvent e, (string ContentType, ReadOnlyMemory<byte> Data) body, int following, long now)
    {
        var position = _head + 1;
        var streams = new (long Stream, long Version)[e.Streams.Count];
        var versions = new StreamVersion[e.Streams.Count];
        for (var part = 0; part < streams.Length; part++)
        {
            var state = StateOf(e.Streams[part].Stream);
            if (state.Id == 0)
            {
                _insertStream.Bind(1, state.Name.ToString()).Read();
                state.Id = _insertStream.Int64(0);
                _insertStream.Reset();
            }
            state.Version++;
            streams[part] = (state.Id, state.Version);
            versions[part] = new(state.Name, state.Version);
            _index.Add(state.Id, state.Version, position, part);
        }
        Span<byte> id = stackalloc byte[16];
        e.Id.Value.TryWriteBytes(id, bigEndian: true, out _);
        _insertEvent.Bind(1, position).Bind(2, id).Bind(3, now).Bind(4, e.Type).Bind(5, body.ContentType);
        _ = EventMetadataJson.Write(e.Metadata) is { } metadata ? _insertEvent.Bind(6, metadata) : _insertEvent.BindNull(6);
        _insertEvent.Bind(7, StreamVersions.Write(following, streams)).Bind(8, body.Data.Span).Run();
        _head = position;
        _eventsWritten++;
        Pages += body.Data.Length / EventLogFile.PageBytes + 4;
        return new RecordedEvent(
            position, e.Id, e.Type, e.Body, versions, UnixMicroseconds.ToDateTimeOffset(now), e.Metadata ?? EventMetadata.None);
    }

    private StreamState StateOf(StreamName name)
    {
        if (_streams.TryGetValue(name, out var state))
            return state;
        state = new StreamState(name);
        if (_findStream.Bind(1, name.ToString()).Read())
        {
            (state.Id, state.Version) = (_findStream.Int64(0), _findStream.Int64(1));
            _findStream.Reset();
            if (_index.Waiting(state.Id) is [.., var last])
                state.Version = last.Version;
        }
        _streams.Add(name, state);
        return state;
    }

    private AppendResult? Stored(EventId id)
    {
        if (FindEvent(id) is not { } first)
            return null;
        var streams = first.Streams;
        for (var position = first.Position + 1; position <= first.Position + first.Following; position++)
            streams.AddRange(StreamsAt(position));
        return new AppendResult(first.Position + first.Following,
            StreamVersions.Last(streams.Select(s => new StreamVersion(NameOf(s.Stream), s.Version))), AlreadyStored: true);
    }

    private (long Position, int Following, List<(long Stream, long Version)> Streams)? FindEvent(EventId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        if (!_findEvent.Bind(1, bytes).Read())
            return null;
        var position = _findEvent.Int64(0);
        var (following, streams) = StreamVersions.Read(_findEvent.Blob(1));
        _findEvent.Reset();
        return (position, following, streams);
    }

    private List<(long Stream, long Version)> StreamsAt(long position)
    {
        using var find = new SqliteStatement(_connection, "select streams from events where position = ?");
        return find.Bind(1, position).Read() ? StreamVersions.Read(find.Blob(0)).Streams : [];
    }

    private StreamName NameOf(long stream)
    {
        _findName.Bind(1, stream).Read();
        var name = StreamName.Parse(_findName.Text(0))!.Value;
        _findName.Reset();
        return name;
    }

    private sealed class StreamState(StreamName name)
    {
        public StreamName Name { get; } = name;

        /// <summary>0 where there is no row yet.</summary>
        public long Id { get; set; }

        public long Version { get; set; }
    }
}
