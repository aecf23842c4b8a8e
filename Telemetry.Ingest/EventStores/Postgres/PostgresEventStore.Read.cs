using System.Runtime.CompilerServices;
using Npgsql;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Postgres;

internal sealed partial class PostgresEventStore
{
    private const int PageEvents = 256;
    private const int PageBytes = 4 << 20;
    private const int PageStreams = 1_000;
    private const string Columns = "e.seq_id, e.id, e.timestamp, e.type, e.content_type, e.metadata, e.streams, e.data";
    private const string HeadSql = "select coalesce(max(seq_id), 0) from event_log.events";

    // A page is bounded by its bytes as well: the sum goes by the lengths alone, payloads beyond the page are not read.
    private static readonly string AllSql = $"""
        select * from (
            select {Columns}, sum(octet_length(e.data)) over (order by e.seq_id) - octet_length(e.data) as before
            from event_log.events e where e.seq_id > $1 and e.seq_id <= $2 order by e.seq_id limit {PageEvents}) page
        where before < {PageBytes} order by seq_id
        """;

    private static readonly string SomeSql = $"""
        select * from (
            select {Columns}, sum(octet_length(e.data)) over (order by e.seq_id) - octet_length(e.data) as before
            from event_log.events e where e.seq_id = any($1)) page
        where before < {PageBytes} order by seq_id
        """;

    public async IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var to = await HeadAsync(ct).ConfigureAwait(false);
        while (after < to)
        {
            var page = await AllAsync(after, to, ct).ConfigureAwait(false);
            if (page.Count == 0)
                yield break;
            foreach (var e in page)
            {
                ct.ThrowIfCancellationRequested();
                yield return e;
            }
            after = page[^1].Position;
        }
    }

    public async IAsyncEnumerable<StreamEvent> ReadStreamAsync(
        StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, [EnumeratorCancellation] CancellationToken ct = default)
    {
        if (await PlaceAsync(stream, ct).ConfigureAwait(false) is not var (id, last, tail))
            yield break;
        var forwards = direction == ReadDirection.Forwards;
        var next = forwards ? Math.Max(from, 1) : Math.Min(from, last);
        while (next >= 1 && next <= last)
        {
            var asked = next;
            var stored = tail.Count > 0 ? tail[0].Version - 1 : last; // the last version that the index has
            var entries = next > stored
                ? tail.FindAll(e => forwards ? e.Version >= next : e.Version <= next)
                : await EntriesAsync(id, next, stored, forwards, ct).ConfigureAwait(false);
            if (!forwards)
                entries.Reverse();
            foreach (var page in entries.Chunk(PageEvents / 4))
            {
                var events = await StreamPageAsync(page, ct).ConfigureAwait(false);
                foreach (var e in events)
                {
                    ct.ThrowIfCancellationRequested();
                    yield return e;
                    next = e.Version + (forwards ? 1 : -1);
                }
                if (events.Count < page.Length)
                    break; // the page was full; the rest is asked for again
            }
            if (next == asked)
                throw new InvalidDataException($"The index of stream '{stream}' has nothing at version {next}, of {last}.");
        }
    }

    public async IAsyncEnumerable<StreamEvent> ReadStreamsAsync(IReadOnlyList<StreamName> streams, [EnumeratorCancellation] CancellationToken ct = default)
    {
        foreach (var some in streams.Chunk(PageStreams))
        {
            var places = await EntriesAsync(some, ct).ConfigureAwait(false);
            foreach (var page in some.SelectMany(s => places[s.ToString()]).Chunk(PageEvents / 4))
            {
                var events = (await FindAsync([.. page.Select(e => e.Position)], ct).ConfigureAwait(false)).ToDictionary(e => e.Position);
                foreach (var entry in page)
                {
                    ct.ThrowIfCancellationRequested();
                    yield return StreamEvent.Of(events[entry.Position], entry.Part);
                }
            }
        }
    }

    public async Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<long> positions, CancellationToken ct = default)
    {
        var found = new List<RecordedEvent>();
        for (var left = positions.Distinct().Order().ToArray(); left.Length > 0;)
        {
            var asked = left[..Math.Min(left.Length, PageEvents)];
            var page = await AskAsync(connection => EventsAsync(connection, SomeSql, ct, asked), ct).ConfigureAwait(false);
            found.AddRange(page);
            // A page may end before what was asked for does: it is full.
            left = page.Count > 0 ? Array.FindAll(left, p => p > page[^1].Position) : left[asked.Length..];
        }
        return found;
    }

    public async Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<EventId> ids, CancellationToken ct = default) => ids.Count == 0 ? []
        : await FindAsync(await AskAsync(connection => RowsAsync(
            connection, "select seq_id from event_log.events where id = any($1)", static r => r.GetInt64(0), ct, ids.Select(id => id.Value).ToArray()), ct).ConfigureAwait(false), ct).ConfigureAwait(false);

    public IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct) => _feed.SubscribeAsync(after, ReadAllAsync, ct);

    public Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default) => FindAsync("e.id = $1", id.Value, ct);

    public Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default) => FindAsync("e.seq_id = $1", position, ct);

    public async IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", [EnumeratorCancellation] CancellationToken ct = default)
    {
        var after = prefix;
        for (var first = true; ; first = false)
        {
            var (later, page) = await AskAsync(async connection =>
            {
                var tail = await TailAsync(connection, ct).ConfigureAwait(false); // asked before the table
                var versions = tail.SelectMany(e => e.Streams).GroupBy(s => s.Stream).ToDictionary(s => s.Key, s => s.Max(v => v.Version));
                var streams = await RowsAsync(connection, $"select name, version, id from event_log.streams where name {(first ? ">=" : ">")} $1 order by name limit {PageStreams}",
                    static r => (Name: r.GetString(0), Version: r.GetInt64(1), Id: r.GetInt64(2)), ct, after).ConfigureAwait(false);
                return (versions, streams);
            }, ct).ConfigureAwait(false);
            foreach (var (name, version, id) in page)
            {
                ct.ThrowIfCancellationRequested();
                if (!name.StartsWith(prefix, StringComparison.Ordinal))
                    yield break; // names with the prefix lie together
                yield return new(StreamName.Parse(name)!.Value, later.GetValueOrDefault(id, version));
            }
            if (page.Count < PageStreams)
                yield break;
            after = page[^1].Name;
        }
    }

    public async IAsyncEnumerable<IndexEntry> ReadIndexAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        var (tail, names) = await AskAsync(async connection =>
        {
            var tail = await TailAsync(connection, ct).ConfigureAwait(false); // asked before the table
            var names = await RowsAsync(connection, "select id, name from event_log.streams where id = any($1)", static r => (Id: r.GetInt64(0), Name: r.GetString(1)), ct,
                tail.SelectMany(e => e.Streams).Select(s => s.Stream).Distinct().ToArray()).ConfigureAwait(false);
            return (tail, names.ToDictionary(n => n.Id, n => StreamName.Parse(n.Name)!.Value));
        }, ct).ConfigureAwait(false);
        var stored = tail.Count > 0 ? tail[0].Position - 1 : long.MaxValue;
        for (var (stream, version) = (0L, 0L); ;)
        {
            var page = await AskAsync(connection => RowsAsync(connection, $"""
                select e.stream_id, e.version, s.name, e.events from event_log.stream_events e join event_log.streams s on s.id = e.stream_id
                where (e.stream_id, e.version) > ($1, $2) order by e.stream_id, e.version limit {PageStreams}
                """, static r => (Stream: r.GetInt64(0), Version: r.GetInt64(1), Name: r.GetString(2), Events: r.GetFieldValue<byte[]>(3)), ct, stream, version), ct).ConfigureAwait(false);
            foreach (var row in page)
            {
                ct.ThrowIfCancellationRequested();
                var name = StreamName.Parse(row.Name)!.Value;
                foreach (var entry in StreamEvents.Read(row.Version, row.Events).Where(e => e.Position <= stored))
                    yield return new(name, entry.Version, entry.Position, entry.Part);
            }
            if (page.Count < PageStreams)
                break;
            (stream, version) = (page[^1].Stream, page[^1].Version);
        }
        foreach (var (position, streams) in tail)
        {
            foreach (var entry in IndexEntry.Of(position, streams.ConvertAll(s => new StreamVersion(names[s.Stream], s.Version))))
                yield return entry;
        }
    }

    public Task<long> HeadAsync(CancellationToken ct = default) =>
        AskAsync(async connection => (await RowsAsync(connection, HeadSql, static r => r.GetInt64(0), ct).ConfigureAwait(false))[0], ct);

    private async Task<RecordedEvent?> FindAsync(string condition, object value, CancellationToken ct) => (await AskAsync(
        connection => EventsAsync(connection, $"select {Columns} from event_log.events e where {condition}", ct, value), ct).ConfigureAwait(false)).SingleOrDefault();

    /// <summary>A page of the log after a position, up to another; empty only where there is nothing.</summary>
    private Task<List<RecordedEvent>> AllAsync(long after, long to, CancellationToken ct) =>
        AskAsync(connection => EventsAsync(connection, AllSql, ct, after, to), ct);

    /// <summary>A stream's number, its last version, and its events that the index does not have yet.</summary>
    private Task<(long Id, long Last, List<StreamEntry> Tail)?> PlaceAsync(StreamName stream, CancellationToken ct) => AskAsync<(long, long, List<StreamEntry>)?>(async connection =>
    {
        // The tail first: what is not in it any more is in the index by the time that is read, and what is in both counts as tail.
        var tail = await TailAsync(connection, ct).ConfigureAwait(false);
        var rows = await RowsAsync(connection, "select id, version from event_log.streams where name = $1", static r => (Id: r.GetInt64(0), Version: r.GetInt64(1)), ct, stream.ToString())
            .ConfigureAwait(false);
        if (rows is not [var (id, version)])
            return null;
        var entries = tail.SelectMany(e => e.Streams.Select((s, part) => (s.Stream, Entry: new StreamEntry(s.Version, e.Position, part))))
            .Where(e => e.Stream == id).Select(e => e.Entry).ToList();
        return (id, entries.Count > 0 ? entries[^1].Version : version, entries);
    }, ct);

    /// <summary>All entries of some streams, by name.</summary>
    private Task<ILookup<string, StreamEntry>> EntriesAsync(StreamName[] streams, CancellationToken ct) => AskAsync(async connection =>
    {
        var tail = await TailAsync(connection, ct).ConfigureAwait(false); // first, as for one stream
        var names = streams.Select(s => s.ToString()).ToArray();
        var known = await RowsAsync(connection, "select id, name, version from event_log.streams where name = any($1)", static r => (Id: r.GetInt64(0), Name: r.GetString(1), Version: r.GetInt64(2)), ct, (object)names)
            .ConfigureAwait(false);
        var stored = (await RowsAsync(
            connection, "select stream_id, version, events from event_log.stream_events where stream_id = any($1) order by stream_id, version",
            static r => (Stream: r.GetInt64(0), Version: r.GetInt64(1), Events: r.GetFieldValue<byte[]>(2)), ct, known.Select(k => k.Id).ToArray()).ConfigureAwait(false)).ToLookup(r => r.Stream);
        var later = tail.SelectMany(e => e.Streams.Select((s, part) => (s.Stream, Entry: new StreamEntry(s.Version, e.Position, part)))).ToLookup(e => e.Stream, e => e.Entry);
        return known.SelectMany(k =>
        {
            var (waiting, last) = (later[k.Id].ToList(), k.Version);
            var indexed = stored[k.Id].SelectMany(r => StreamEvents.Read(r.Version, r.Events)).Where(e => e.Version <= (waiting.Count > 0 ? waiting[0].Version - 1 : last));
            return indexed.Concat(waiting).Select(e => (k.Name, Entry: e));
        }).ToLookup(e => e.Name, e => e.Entry);
    }, ct);

    /// <summary>What the index has not got: the streams of the last events.</summary>
    private static Task<List<(long Position, List<(long Stream, long Version)> Streams)>> TailAsync(NpgsqlConnection connection, CancellationToken ct) => RowsAsync(
        connection, "select seq_id, streams from event_log.events where seq_id > (select seq_id from event_log.indexed) order by seq_id",
        static r => (r.GetInt64(0), StreamVersions.Read(r.GetFieldValue<byte[]>(1)).Streams), ct);

    /// <summary>Some entries of a stream from a version on, or down to the first, ascending.</summary>
    private Task<List<StreamEntry>> EntriesAsync(long stream, long next, long last, bool forwards, CancellationToken ct) => AskAsync(async connection =>
    {
        var rows = await RowsAsync(connection, forwards
            ? """
              select version, events from event_log.stream_events where stream_id = $1 and version <= $3 and version >= (
                  select max(version) from event_log.stream_events where stream_id = $1 and version <= $2) order by version limit 4
              """
            : "select version, events from event_log.stream_events where stream_id = $1 and version <= $2 and version <= $3 order by version desc limit 4",
            static r => (Version: r.GetInt64(0), Events: r.GetFieldValue<byte[]>(1)), ct, stream, next, last).ConfigureAwait(false);
        return rows.OrderBy(r => r.Version).SelectMany(r => StreamEvents.Read(r.Version, r.Events))
            .Where(e => e.Version <= last && (forwards ? e.Version >= next : e.Version <= next)).ToList();
    }, ct);

    /// <summary>The first of some entries, as many as a page takes, in their order.</summary>
    private async Task<List<StreamEvent>> StreamPageAsync(StreamEntry[] entries, CancellationToken ct)
    {
        var descending = entries.Length > 1 && entries[0].Version > entries[1].Version;
        var sql = $"""
            select * from (
                select {Columns}, sum(octet_length(e.data)) over (order by e.seq_id {(descending ? "desc" : "")}) - octet_length(e.data) as before
                from event_log.events e where e.seq_id = any($1)) page
            where before < {PageBytes}
            """;
        var found = await AskAsync(connection => EventsAsync(connection, sql, ct, entries.Select(e => e.Position).ToArray()), ct).ConfigureAwait(false);
        var events = found.ToDictionary(e => e.Position);
        return [.. entries.TakeWhile(e => events.ContainsKey(e.Position)).Select(e => StreamEvent.Of(events[e.Position], e.Part))];
    }

    private async Task<List<RecordedEvent>> EventsAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        var rows = await RowsAsync(connection, sql, static r => new EventRow(
            r.GetInt64(0), r.GetGuid(1), r.GetFieldValue<DateTimeOffset>(2), r.GetString(3), r.GetString(4),
            r.IsDBNull(5) ? null : r.GetFieldValue<byte[]>(5), StreamVersions.Read(r.GetFieldValue<byte[]>(6)).Streams, r.GetFieldValue<byte[]>(7)), ct, values).ConfigureAwait(false);
        var names = await NamesAsync(connection, rows, ct).ConfigureAwait(false);
        var batches = new BatchReader(_catalog);
        var bodies = rows.ConvertAll(row => Body(row, batches));
        while (batches.IsIncomplete)
        {
            await batches.LoadAsync(connection, ct).ConfigureAwait(false);
            bodies = rows.ConvertAll(row => Body(row, batches));
        }
        return [.. rows.Zip(bodies, (row, body) => new RecordedEvent(
            row.Position, EventId.Containing(row.Id), row.Type, body, row.Streams.ConvertAll(s => new StreamVersion(names[s.Stream], s.Version)), row.Timestamp,
            EventMetadataJson.Read(row.Metadata)))];
    }

    private static EventBody Body(EventRow row, BatchReader batches) => row.ContentType switch
    {
        SampleBatchCodec.ContentType => new EventBody.Samples(batches.Decode(row.Data)),
        _ => new EventBody.Json(row.Data),
    };

    /// <summary>The names of the streams of a page.</summary>
    private async Task<Dictionary<long, StreamName>> NamesAsync(NpgsqlConnection connection, List<EventRow> rows, CancellationToken ct)
    {
        var names = new Dictionary<long, StreamName>();
        var unknown = new HashSet<long>();
        foreach (var (stream, _) in rows.SelectMany(r => r.Streams))
        {
            if (names.ContainsKey(stream) || unknown.Contains(stream)) // another reader may have found it meanwhile
                continue;
            if (_names.Find(stream) is { } name)
                names.Add(stream, name);
            else
                unknown.Add(stream);
        }
        if (unknown.Count == 0)
            return names;
        foreach (var (id, text) in await RowsAsync(connection, "select id, name from event_log.streams where id = any($1)", static r => (r.GetInt64(0), r.GetString(1)), ct, unknown.ToArray())
            .ConfigureAwait(false))
        {
            names.Add(id, StreamName.Parse(text)!.Value);
            _names.Add(id, names[id]);
        }
        return names;
    }

    /// <summary>Asks on a connection of the pool, which is given back before anybody is handed the answer.</summary>
    private async Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(IEventStore));
        try
        {
            await using var connection = await _readers.OpenConnectionAsync(ct).ConfigureAwait(false);
            return await ask(connection).ConfigureAwait(false);
        }
        catch (Exception e) when (PostgresErrors.Translate(e) is var translated && translated != e)
        {
            throw translated;
        }
    }

    private static async Task<List<T>> RowsAsync<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(ct).ConfigureAwait(false);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct).ConfigureAwait(false))
            rows.Add(read(reader));
        return rows;
    }

    private readonly record struct EventRow(
        long Position, Guid Id, DateTimeOffset Timestamp, string Type, string ContentType, byte[]? Metadata, List<(long Stream, long Version)> Streams, byte[] Data);
}
