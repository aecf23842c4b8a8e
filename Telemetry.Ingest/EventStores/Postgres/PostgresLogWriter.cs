using System.Buffers;
using System.Globalization;
using Npgsql;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Postgres;

/// <summary>Writes groups of appends over one connection, each in a transaction that holds the log's lock: two round trips a group.</summary>
/// <remarks>
/// The lock makes one writer out of many processes, so that positions and versions follow each other without holes and nothing with a lower
/// position can become visible later (docs/decisions/0005). What a writer knows of streams and catalogue stays true while nobody else writes;
/// what others wrote it reads at the beginning of its next group. After any error it forgets everything and reads it again.
/// </remarks>
internal sealed class PostgresLogWriter(PostgresCatalog catalog, TimeProvider clock)
{
    /// <summary>The advisory lock of the log, of the database it is in.</summary>
    public const long LockKey = 0x54454c454c4f47;

    /// <summary>After so many events <c>stream_events</c> is brought up to date; readers go through the events after that themselves.</summary>
    private const int IndexEvery = 64;

    private const int MaxStreamsInMemory = 100_000;

    private readonly CatalogWriter _catalog = new(catalog);
    private readonly Dictionary<StreamName, StreamState> _streams = [];
    private readonly Dictionary<long, StreamState> _streamsById = [];
    private readonly Queue<(long Position, List<(long Stream, long Version)> Streams)> _tail = []; // the events after _indexed
    private readonly ArrayBufferWriter<byte> _encoded = new(64 << 10);
    private readonly Dictionary<EventId, (long Position, int Following, List<(long Stream, long Version)> Streams)> _stored = []; // of this group's ids
    private readonly List<Row> _rows = [];
    private readonly List<StreamState> _newStreams = [];
    private readonly List<StreamName> _absent = []; // asked for by this group, and not there
    private long _head;
    private long _indexed;
    private long _lastStream;

    /// <summary>Writes a group, in one transaction. Appends that are refused fail at once; the others have their result, to be told by the caller.</summary>
    /// <returns>Those that were written or found stored.</returns>
    /// <exception cref="NpgsqlException">Nothing was written, unless the connection broke at the very end; the ids tell when it is tried again.</exception>
    public List<PendingAppend> Write(NpgsqlConnection connection, List<PendingAppend> group)
    {
        try
        {
            Begin(connection, group);
            var written = new List<PendingAppend>(group.Count);
            foreach (var append in group)
            {
                try
                {
                    Write(connection, append);
                    written.Add(append);
                }
                catch (Exception e) when (e is WrongExpectedVersionException or ArgumentException)
                {
                    append.Fail(e);
                }
            }
            Commit(connection);
            return written;
        }
        catch
        {
            Forget();
            throw;
        }
    }

    /// <summary>Trusts nothing it knew.</summary>
    public void Forget()
    {
        _head = _indexed = 0;
        _streams.Clear();
        _streamsById.Clear();
        _newStreams.Clear();
        _absent.Clear();
        _tail.Clear();
        _rows.Clear();
        _catalog.Forget();
    }

    /// <summary>Takes the lock, and reads what others wrote since and what is needed for this group.</summary>
    private void Begin(NpgsqlConnection connection, List<PendingAppend> group)
    {
        var events = group.SelectMany(a => a.Events).ToList();
        var unknown = NewEvents.StreamsOf(events).Where(s => !_streams.ContainsKey(s)).Distinct().ToList();
        using var batch = new NpgsqlBatch(connection);
        batch.Add("begin");
        batch.Add("select pg_advisory_xact_lock($1)", LockKey);
        batch.Add("""
            select coalesce((select max(seq_id) from event_log.events), 0), (select seq_id from event_log.indexed),
                   coalesce((select max(id) from event_log.streams), 0), coalesce((select max(id) from event_log.metadata), 0)
            """);
        batch.Add("select seq_id, streams from event_log.events where seq_id > greatest($1, (select seq_id from event_log.indexed)) order by seq_id", _head);
        batch.Add(PostgresCatalog.TextsSql, _catalog.Last.Text);
        batch.Add(PostgresCatalog.SeriesSql, _catalog.Last.Series);
        batch.Add("select id, seq_id, streams from event_log.events where id = any($1)", events.Select(e => e.Id.Value).ToArray());
        batch.Add("select id, json from event_log.metadata where hash = any($1)", _catalog.Unknown(events.Select(e => e.Body).OfType<EventBody.Samples>().Select(s => s.Batch)));
        batch.Add(StreamsSql, (object)Texts(unknown));

        var (before, indexed) = (_head, _indexed);
        using (var row = batch.ExecuteReader())
        {
            row.NextResult(); // begin gives none, the lock a row of nothing
            row.Read();
            (_head, _indexed, _lastStream) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
            var lastMetadata = row.GetInt32(3);
            var tail = Rows(row, static r => (r.GetInt64(0), StreamVersions.Read(r.GetFieldValue<byte[]>(1)).Streams));
            var texts = Rows(row, static r => (r.GetInt32(0), r.GetString(1)));
            var series = Rows(row, PostgresCatalog.SeriesRow.Read);
            _stored.Clear();
            foreach (var (id, position, streams) in Rows(row, static r => (r.GetGuid(0), r.GetInt64(1), r.GetFieldValue<byte[]>(2))))
            {
                var (following, versions) = StreamVersions.Read(streams);
                _stored.Add(EventId.Containing(id), (position, following, versions));
            }
            _catalog.Update(texts, series, Rows(row, static r => (r.GetInt32(0), r.GetFieldValue<byte[]>(1))), lastMetadata);
            TakeTail(tail);
            AddStreams(Rows(row, ReadStream));
        }
        if (_indexed > before && before > 0)
        {
            // Others wrote so much that part of it is in the index alone: the versions known here are old.
            _streams.Clear();
            _streamsById.Clear();
            unknown = [.. NewEvents.StreamsOf(events).Distinct()];
            using var again = new NpgsqlBatch(connection);
            again.Add(StreamsSql, (object)Texts(unknown));
            using var row = again.ExecuteReader();
            AddStreams(ReadAll(row, ReadStream));
        }
        foreach (var name in unknown)
        {
            if (_streams.TryAdd(name, new StreamState(name)))
                _absent.Add(name);
        }
    }

    private const string StreamsSql = "select name, id, version from event_log.streams where name = any($1)";

    private static string[] Texts(List<StreamName> names)
    {
        // A name that cannot be kept is not looked for either; the append that brings it is refused.
        return [.. names.Select(n => n.ToString()).Where(n => !n.Contains('\0'))];
    }

    private static (string Name, long Id, long Version) ReadStream(NpgsqlDataReader row) => (row.GetString(0), row.GetInt64(1), row.GetInt64(2));

    /// <summary>Keeps what was written after the index's end, and brings the versions of known streams up to it.</summary>
    private void TakeTail(List<(long Position, List<(long Stream, long Version)> Streams)> tail)
    {
        while (_tail.TryPeek(out var first) && first.Position <= _indexed)
            _tail.Dequeue();
        foreach (var e in tail)
        {
            _tail.Enqueue(e);
            foreach (var (stream, version) in e.Streams)
            {
                if (_streamsById.TryGetValue(stream, out var state))
                    state.Version = version;
            }
        }
    }

    /// <summary>Takes rows of streams, whose versions are those of the index, and adds what came after.</summary>
    private void AddStreams(List<(string Name, long Id, long Version)> rows)
    {
        if (rows.Count == 0)
            return;
        foreach (var (text, id, version) in rows)
        {
            var state = new StreamState(StreamName.Parse(text)!.Value) { Id = id, Version = version };
            _streams[state.Name] = state;
            _streamsById[id] = state;
        }
        foreach (var (stream, version) in _tail.SelectMany(e => e.Streams))
        {
            if (_streamsById.TryGetValue(stream, out var state) && state.Version < version)
                state.Version = version;
        }
    }

    private void Write(NpgsqlConnection connection, PendingAppend append)
    {
        if (Stored(connection, append.Events[0].Id) is { } stored)
        {
            append.Result = stored;
            return;
        }
        StreamVersions.Check(append.Events, _stored.ContainsKey, VersionOf);
        var bodies = append.Events.Select(Encode).ToArray(); // all of them before the first is added, as each may be refused
        var now = UnixMicroseconds.From(clock.GetUtcNow());
        var recorded = new RecordedEvent[bodies.Length];
        for (var i = 0; i < recorded.Length; i++)
            recorded[i] = Add(append.Events[i], bodies[i], bodies.Length - i - 1, append.Events[i].RecordedAt is { } at ? UnixMicroseconds.From(at) : now);
        append.Recorded = recorded;
        append.Result = new AppendResult(_head, StreamVersions.Last(recorded.SelectMany(e => e.Streams)), AlreadyStored: false);
    }

    private long VersionOf(StreamName stream)
    {
        var state = _streams[stream];
        if (state.Id == 0)
            CatalogWriter.CheckText(stream.ToString());
        return state.Version;
    }

    private (string ContentType, byte[] Data) Encode(NewEvent e)
    {
        if (e.Body is EventBody.Json json)
            return ("application/json", json.Utf8.ToArray());
        _encoded.ResetWrittenCount();
        SampleBatchCodec.EncodeForLog(((EventBody.Samples)e.Body).Batch, _catalog, _encoded);
        return (SampleBatchCodec.ContentType, _encoded.WrittenSpan.ToArray());
    }

    private RecordedEvent Add(NewEvent e, (string ContentType, byte[] Data) body, int following, long now)
    {
        var position = ++_head;
        var streams = new List<(long Stream, long Version)>(e.Streams.Count);
        var versions = new StreamVersion[e.Streams.Count];
        foreach (var (part, (stream, _)) in e.Streams.Index())
        {
            var state = _streams[stream];
            if (state.Id == 0)
            {
                state.Id = ++_lastStream;
                _streamsById.Add(state.Id, state);
                _newStreams.Add(state);
            }
            streams.Add((state.Id, ++state.Version));
            versions[part] = new(stream, state.Version);
        }
        var recorded = new RecordedEvent(position, e.Id, e.Type, e.Body, versions, UnixMicroseconds.ToDateTimeOffset(now), e.Metadata ?? EventMetadata.None);
        _rows.Add(new(recorded, body.ContentType, EventMetadataJson.Write(e.Metadata), StreamVersions.Write(following, streams), body.Data));
        _tail.Enqueue((position, streams));
        _stored.Add(e.Id, (position, following, streams));
        return recorded;
    }

    private void Commit(NpgsqlConnection connection)
    {
        using var batch = new NpgsqlBatch(connection);
        if (_rows.Count > 0)
        {
            _catalog.Store(batch);
            if (_newStreams.Count > 0)
            {
                batch.Add("insert into event_log.streams (id, name, version) select id, name, 0 from unnest($1::bigint[], $2::text[]) as s (id, name)",
                    _newStreams.Select(s => s.Id).ToArray(), _newStreams.Select(s => s.Name.ToString()).ToArray());
            }
            batch.Add("""
                insert into event_log.events (seq_id, id, timestamp, type, content_type, metadata, streams, data)
                select * from unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[])
                """,
                Column(r => r.Event.Position), Column(r => r.Event.Id.Value), Column(r => r.Event.RecordedAt.UtcDateTime), Column(r => r.Event.Type),
                Column(r => r.ContentType), Column(r => r.Metadata), Column(r => r.Streams), Column(r => r.Data));
            if (_tail.Count >= IndexEvery)
                StoreIndex(batch);
            batch.Add("select pg_notify($1, $2)", LogFollower.Channel, _head.ToString(CultureInfo.InvariantCulture));
        }
        batch.Add("commit");
        batch.ExecuteNonQuery();
        if (_tail.Count >= IndexEvery)
        {
            _indexed = _head;
            _tail.Clear();
        }
        _catalog.Committed();
        _newStreams.Clear();
        _rows.Clear();
        foreach (var name in _absent)
        {
            if (_streams[name].Id == 0) // nothing was written to it after all; somebody else may
                _streams.Remove(name);
        }
        _absent.Clear();
        if (_streams.Count > MaxStreamsInMemory)
        {
            _streams.Clear();
            _streamsById.Clear();
        }
    }

    private T[] Column<T>(Func<Row, T> value) => [.. _rows.Select(value)];

    private void StoreIndex(NpgsqlBatch batch)
    {
        var entries = new Dictionary<long, List<StreamEntry>>();
        foreach (var (position, streams) in _tail)
        {
            foreach (var (part, (stream, version)) in streams.Index())
            {
                if (!entries.TryGetValue(stream, out var ofStream))
                    entries.Add(stream, ofStream = []);
                ofStream.Add(new(version, position, part));
            }
        }
        var rows = entries.OrderBy(e => e.Key).SelectMany(e => e.Value.Chunk(StreamEvents.MaxEntries).Select(c => (Stream: e.Key, c[0].Version, Events: StreamEvents.Write(c)))).ToList();
        batch.Add("insert into event_log.stream_events (stream_id, version, events) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])",
            rows.Select(r => r.Stream).ToArray(), rows.Select(r => r.Version).ToArray(), rows.Select(r => r.Events).ToArray());
        batch.Add("update event_log.streams s set version = n.version from unnest($1::bigint[], $2::bigint[]) as n (id, version) where s.id = n.id",
            entries.Keys.ToArray(), entries.Values.Select(e => e[^1].Version).ToArray());
        batch.Add("update event_log.indexed set seq_id = $1", _head);
    }

    private AppendResult? Stored(NpgsqlConnection connection, EventId id)
    {
        if (!_stored.TryGetValue(id, out var first))
            return null;
        var streams = new List<(long Stream, long Version)>(first.Streams);
        var last = first.Position + first.Following;
        streams.AddRange(_tail.Where(e => e.Position > first.Position && e.Position <= last).SelectMany(e => e.Streams));
        if (first.Position < _indexed && first.Following > 0)
        {
            using var batch = new NpgsqlBatch(connection);
            batch.Add("select streams from event_log.events where seq_id > $1 and seq_id <= $2 order by seq_id", first.Position, last);
            using var row = batch.ExecuteReader();
            streams = [.. first.Streams, .. ReadAll(row, static r => StreamVersions.Read(r.GetFieldValue<byte[]>(0)).Streams).SelectMany(s => s)];
        }
        return new AppendResult(last, StreamVersions.Last(Named(connection, streams)), AlreadyStored: true);
    }

    private IEnumerable<StreamVersion> Named(NpgsqlConnection connection, List<(long Stream, long Version)> streams)
    {
        var unknown = streams.Select(s => s.Stream).Where(s => !_streamsById.ContainsKey(s)).Distinct().ToArray();
        if (unknown.Length > 0)
        {
            using var batch = new NpgsqlBatch(connection);
            batch.Add("select name, id, version from event_log.streams where id = any($1)", unknown);
            using var row = batch.ExecuteReader();
            AddStreams(ReadAll(row, ReadStream));
        }
        return streams.Select(s => new StreamVersion(_streamsById[s.Stream].Name, s.Version));
    }

    private static List<T> Rows<T>(NpgsqlDataReader row, Func<NpgsqlDataReader, T> read)
    {
        row.NextResult();
        return ReadAll(row, read);
    }

    private static List<T> ReadAll<T>(NpgsqlDataReader row, Func<NpgsqlDataReader, T> read)
    {
        var rows = new List<T>();
        while (row.Read())
            rows.Add(read(row));
        return rows;
    }

    private readonly record struct Row(RecordedEvent Event, string ContentType, byte[]? Metadata, byte[] Streams, byte[] Data);

    private sealed class StreamState(StreamName name)
    {
        public StreamName Name { get; } = name;

        /// <summary>0 where there is no row yet.</summary>
        public long Id { get; set; }

        public long Version { get; set; }
    }
}
