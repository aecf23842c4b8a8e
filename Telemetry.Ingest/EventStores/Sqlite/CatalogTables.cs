using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>The catalogue of series, held in memory, and of metadata, held in part. Numbers are given by the writer alone.</summary>
internal sealed class CatalogTables(long metadataCacheBytes)
{
    private const int MaxKnownSeries = 1 << 18;
    private const int MaxColumnBytes = 256 << 10; // a reader; the series of them take eight times as much

    private SeriesKey?[] _series = new SeriesKey?[1_024]; // by number from 1; replaced when it grows, so that readers need no lock

    public MetadataCache Metadata { get; } = new(metadataCacheBytes);

    public SeriesKey? Series(int id) => Volatile.Read(ref _series) is var series && (uint)id < (uint)series.Length ? series[id] : null;

    private void Set(int id, SeriesKey? key)
    {
        var series = _series;
        if (id >= series.Length)
            Array.Resize(ref series, 2 * id);
        series[id] = key;
        Volatile.Write(ref _series, series);
    }

    /// <summary>The writer's side: gives new numbers within its transaction, and takes them back when that is rolled back.</summary>
    public sealed class Writer : ISampleNumbers, IDisposable
    {
        private readonly CatalogTables _tables;
        private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);
        private readonly Dictionary<SeriesKey, int> _series = [];
        private readonly List<string> _newTexts = [];
        private readonly List<SeriesKey> _newSeries = [];
        private readonly List<int> _newMetadata = [];
        private readonly IdentityTable<SeriesKey, int> _knownSeries = new(MaxKnownSeries); // intake shares its objects
        private readonly ConditionalWeakTable<SeriesKey[], byte[]> _columns = [];
        private readonly SqliteStatement _insertText, _insertSeries, _insertMetadata, _findMetadata;
        private int _lastMetadata;

        public Writer(CatalogTables tables, SqliteConnection connection)
        {
            _tables = tables;
            Load(connection);
            _insertText = new(connection, "insert into texts (id, text) values (?, ?)");
            _insertSeries = new(connection, "insert into series (id, meter, type, unit, resource, project, user, source) values (?, ?, ?, ?, ?, ?, ?, ?)");
            _insertMetadata = new(connection, "insert into metadata (id, hash, json) values (?, ?, ?)");
            _findMetadata = new(connection, "select id, json from metadata where hash = ?");
        }

        public int IdOf(SeriesKey series)
        {
            var hash = series.GetHashCode();
            if (_knownSeries.TryFind(series, hash, out var id))
                return id;
            if (!_series.TryGetValue(series, out id))
                id = Add(series);
            _knownSeries.Add(series, hash, id);
            return id;
        }

        public int IdOf(Metadata metadata)
        {
            if (_tables.Metadata.Find(metadata) is { } known)
                return known;
            var utf8 = metadata.Utf8.Span;
            var hash = BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(utf8));
            if (Stored(hash, utf8) is { } stored)
            {
                _tables.Metadata.Keep(stored, metadata);
                return stored;
            }
            var id = _lastMetadata + 1;
            _insertMetadata.Bind(1, id).Bind(2, hash).Bind(3, utf8).Run();
            _lastMetadata = id;
            _newMetadata.Add(id);
            _tables.Metadata.Keep(id, metadata);
            return id;
        }

        public ReadOnlySpan<byte> FindColumn(SeriesKey[] series) => _columns.TryGetValue(series, out var column) ? column : default;

        public void KeepColumn(SeriesKey[] series, ReadOnlySpan<byte> column) => _columns.AddOrUpdate(series, column.ToArray());

        public void Committed()
        {
            _newTexts.Clear();
            _newSeries.Clear();
            _newMetadata.Clear();
        }

        public void RolledBack()
        {
            foreach (var text in _newTexts)
                _texts.Remove(text);
            foreach (var series in _newSeries)
            {
                if (_series.Remove(series, out var id))
                    _tables.Set(id, null);
            }
            foreach (var id in _newMetadata)
                _tables.Metadata.Forget(id);
            _lastMetadata -= _newMetadata.Count;
            _knownSeries.Clear();
            _columns.Clear();
            Committed();
        }

        public void Dispose()
        {
            foreach (var statement in (SqliteStatement[])[_insertText, _insertSeries, _insertMetadata, _findMetadata])
                statement.Dispose();
        }

        private int Add(SeriesKey key)
        {
            var id = _series.Count + 1;
            _insertSeries.Bind(1, id).Bind(2, IdOf(key.Meter)).Bind(3, (long)key.Type).Bind(5, IdOf(key.ResourceId)).Bind(8, IdOf(key.Source));
            BindOptional(4, key.Unit);
            BindOptional(6, key.ProjectId);
            BindOptional(7, key.UserId);
            _insertSeries.Run();
            _newSeries.Add(key);
            _series.Add(key, id);
            _tables.Set(id, key);
            return id;
        }

        private void BindOptional(int parameter, string? text) =>
            _ = text is null ? _insertSeries.BindNull(parameter) : _insertSeries.Bind(parameter, IdOf(text));

        private int IdOf(string text)
        {
            if (_texts.TryGetValue(text, out var id))
                return id;
            id = _texts.Count + 1;
            _insertText.Bind(1, id).Bind(2, text).Run();
            _newTexts.Add(text);
            _texts.Add(text, id);
            return id;
        }

        private int? Stored(long hash, ReadOnlySpan<byte> utf8)
        {
            _findMetadata.Bind(1, hash);
            while (_findMetadata.Read())
            {
                if (!_findMetadata.Blob(1).SequenceEqual(utf8))
                    continue;
                var id = (int)_findMetadata.Int64(0);
                _findMetadata.Reset();
                return id;
            }
            return null;
        }

        private void Load(SqliteConnection connection)
        {
            using var texts = new SqliteStatement(connection, "select id, text from texts order by id");
            var byId = new List<string?> { null };
            while (texts.Read())
            {
                byId.Add(texts.Text(1));
                _texts.Add(byId[^1]!, (int)texts.Int64(0));
            }
            using var rows = new SqliteStatement(connection, "select id, meter, type, unit, resource, project, user, source from series order by id");
            string? Text(int column) => byId[(int)rows.Int64(column)]; // a null column reads as 0, which names no text
            while (rows.Read())
            {
                var key = new SeriesKey(Text(1)!, (SampleType)rows.Int64(2), Text(3), Text(4)!, Text(5), Text(6), Text(7)!);
                _series.Add(key, (int)rows.Int64(0));
                _tables.Set((int)rows.Int64(0), key);
            }
            _lastMetadata = (int)EventLogFile.Scalar(connection, "select coalesce(max(id), 0) from metadata");
        }
    }

    /// <summary>A reader's side: metadata that is not in memory is read through its connection.</summary>
    public sealed class Reader(CatalogTables tables, SqliteConnection connection) : ISampleCatalog, IDisposable
    {
        private readonly ByteTable<SeriesKey[]> _columns = new(MaxColumnBytes);
        private readonly SqliteStatement _find = new(connection, "select json from metadata where id = ?");

        public SeriesKey? Series(int id) => tables.Series(id);

        public SeriesKey[]? FindColumn(ReadOnlySpan<byte> column) => _columns.Find(column);

        public void KeepColumn(ReadOnlySpan<byte> column, SeriesKey[] series) => _columns.Add(column, series);

        public Metadata? Metadata(int id)
        {
            if (tables.Metadata.Find(id) is { } known)
                return known;
            if (!_find.Bind(1, id).Read())
                return null;
            var metadata = Domain.Metering.Metadata.FromCanonical(_find.Blob(0));
            _find.Reset();
            return tables.Metadata.Keep(id, metadata);
        }

        public void Dispose() => _find.Dispose();
    }
}
