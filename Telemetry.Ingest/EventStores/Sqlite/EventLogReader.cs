using Microsoft.Data.Sqlite;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>A connection that reads; used by one caller at a time. Reads a page at once, so that no statement stays open between.</summary>
internal sealed class EventLogReader : IDisposable
{
    private const int PageEvents = 64;
    private const int PageBytes = 1 << 20;
    private const string Columns = "e.position, e.id, e.recorded_at, e.type, e.content_type, e.metadata, e.streams, e.data";

    private readonly SqliteConnection _connection;
    private readonly StreamNames _names;
    private readonly CatalogTables.Reader _catalog;
    private readonly SqliteStatement _all, _byId, _byPosition, _forwards, _backwards, _stream, _name, _streams, _index;

    public EventLogReader(SqliteConnection connection, CatalogTables catalog, StreamNames names)
    {
        _connection = connection;
        _names = names;
        _catalog = new(catalog, connection);
        _all = new(connection, $"select {Columns} from events e where position > ? and position <= ? order by position");
        _byId = new(connection, $"select {Columns} from events e where id = ?");
        _byPosition = new(connection, $"select {Columns} from events e where position = ?");
        const string ofStream = $"select {Columns}, s.part from stream_events s cross join events e on e.position = s.position where s.stream = ?";
        _forwards = new(connection, $"{ofStream} and s.version >= ? and s.version <= ? order by s.version");
        _backwards = new(connection, $"{ofStream} and s.version <= ? order by s.version desc");
        _stream = new(connection, "select id, version from streams where name = ?");
        _name = new(connection, "select name from streams where id = ?");
        _streams = new(connection, "select name, version, id from streams where name >= ? and (name > ? or ?) order by name limit 1000");
        _index = new(connection, "select e.stream, e.version, e.position, e.part, s.name from stream_events e join streams s on s.id = e.stream where (e.stream, e.version) > (?, ?) order by e.stream, e.version limit 1000");
    }

    /// <summary>A page of the log; empty only at its end.</summary>
    public List<RecordedEvent> All(long after, long to) =>
        Page(_all.Bind(1, after).Bind(2, to), static (_, e) => e);

    public List<StreamEvent> Forwards(long stream, long from, long to) =>
        Page(_forwards.Bind(1, stream).Bind(2, from).Bind(3, to), static (row, e) => StreamEvent.Of(e, (int)row.Int64(8)));

    public List<StreamEvent> Backwards(long stream, long from) =>
        Page(_backwards.Bind(1, stream).Bind(2, from), static (row, e) => StreamEvent.Of(e, (int)row.Int64(8)));

    public RecordedEvent? Find(EventId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Page(_byId.Bind(1, bytes), static (_, e) => e).SingleOrDefault();
    }

    public RecordedEvent? Find(long position) => Page(_byPosition.Bind(1, position), static (_, e) => e).SingleOrDefault();

    /// <summary>Events of a stream that <see cref="StreamIndex"/> still has.</summary>
    public List<StreamEvent> At(ReadOnlySpan<StreamIndex.Entry> entries)
    {
        var events = new List<StreamEvent>(entries.Length);
        foreach (var entry in entries)
            events.Add(StreamEvent.Of(Find(entry.Position)!, entry.Part));
        return events;
    }

    /// <summary>A stream's number and the last version that the table of its events has.</summary>
    public (long Id, long Version)? Stream(StreamName name)
    {
        if (!_stream.Bind(1, name.ToString()).Read())
            return null;
        var found = (_stream.Int64(0), _stream.Int64(1));
        _stream.Reset();
        return found;
    }

    /// <summary>A page of the streams whose names follow; the first page has no name before it.</summary>
    /// <param name="later">Last versions that the table does not have yet.</param>
    public List<StreamVersion> Streams(string prefix, string? after, Dictionary<long, long> later)
    {
        var page = new List<StreamVersion>();
        _streams.Bind(1, prefix).Bind(2, after ?? "").Bind(3, after is null ? 1 : 0);
        while (_streams.Read())
            page.Add(new(StreamName.Parse(_streams.Text(0))!.Value, later.GetValueOrDefault(_streams.Int64(2), _streams.Int64(1))));
        return page;
    }

    /// <summary>A page of the table of the streams' events, and where the next one begins; empty only at its end.</summary>
    public (List<IndexEntry> Entries, (long Stream, long Version) Last) Index((long Stream, long Version) after)
    {
        var page = new List<IndexEntry>();
        StreamName? name = null;
        _index.Bind(1, after.Stream).Bind(2, after.Version);
        while (_index.Read())
        {
            var stream = _index.Int64(0);
            if (name is null || stream != after.Stream)
                name = StreamName.Parse(_index.Text(4));
            after = (stream, _index.Int64(1));
            page.Add(new(name!.Value, after.Version, _index.Int64(2), (int)_index.Int64(3)));
        }
        return (page, after);
    }

    /// <summary>The name of a stream's number.</summary>
    public StreamName StreamOf(long id) => _names.Get(id, NameOf);

    public void Dispose()
    {
        foreach (var statement in (SqliteStatement[])[_all, _byId, _byPosition, _forwards, _backwards, _stream, _name, _streams, _index])
            statement.Dispose();
        _catalog.Dispose();
        _connection.Dispose();
    }

    private List<T> Page<T>(SqliteStatement rows, Func<SqliteStatement, RecordedEvent, T> select)
    {
        var page = new List<T>();
        try
        {
            for (var bytes = 0L; page.Count < PageEvents && bytes < PageBytes && rows.Read();)
            {
                bytes += rows.Blob(7).Length;
                page.Add(select(rows, Event(rows)));
            }
        }
        finally
        {
            rows.Reset();
        }
        return page;
    }

    private RecordedEvent Event(SqliteStatement row)
    {
        var (_, streams) = StreamVersions.Read(row.Blob(6));
        return new RecordedEvent(
            row.Int64(0),
            EventId.Containing(new Guid(row.Blob(1), bigEndian: true)),
            row.Text(3),
            Body(row),
            streams.ConvertAll(s => new StreamVersion(StreamOf(s.Stream), s.Version)),
            UnixMicroseconds.ToDateTimeOffset(row.Int64(2)),
            EventMetadataJson.Read(row.Blob(5)));
    }

    private EventBody Body(SqliteStatement row) => row.Text(4) switch
    {
        SampleBatchCodec.ContentType => new EventBody.Samples(SampleBatchCodec.DecodeFromLog(row.Blob(7), _catalog)),
        PackedJson.ContentType => new EventBody.Json(PackedJson.Unpack(row.Blob(7))),
        _ => new EventBody.Json(row.Blob(7).ToArray()),
    };

    private StreamName NameOf(long id)
    {
        _name.Bind(1, id).Read();
        var name = StreamName.Parse(_name.Text(0))!.Value;
        _name.Reset();
        return name;
    }
}
