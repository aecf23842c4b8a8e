using System.Text;
using Npgsql;
using NpgsqlTypes;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Ingest.EventStores.Postgres;

/// <summary>Gives numbers to texts, series and metadata within the writer's transaction; what it gave is undone by <see cref="Forget"/>.</summary>
internal sealed class CatalogWriter(PostgresCatalog catalog) : ISampleNumbers
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<SeriesKey, int> _series = [];
    private readonly Dictionary<Metadata, int> _foundMetadata = []; // stored, but not in the cache when the group began
    private readonly List<(int Id, string Text)> _newTexts = [];
    private readonly List<(int Id, SeriesKey Key)> _newSeries = [];
    private readonly List<(int Id, Metadata Metadata)> _newMetadata = [];
    private readonly Dictionary<Metadata, int> _newMetadataIds = [];
    private int _lastMetadata;

    /// <summary>The last numbers that it knows of.</summary>
    public (int Text, int Series) Last => (_texts.Count, _series.Count);

    /// <summary>The hashes of the metadata that has to be looked for in the table before the events are encoded.</summary>
    public long[] Unknown(IEnumerable<SampleBatch> batches)
    {
        HashSet<Metadata>? unknown = null;
        foreach (var batch in batches)
        {
            Metadata? before = null;
            foreach (var metadata in batch.Metadata)
            {
                if (!ReferenceEquals(metadata, before) && catalog.Metadata.Find(metadata) is null)
                    (unknown ??= []).Add(metadata);
                before = metadata;
            }
        }
        return unknown is null ? [] : [.. unknown.Select(PostgresCatalog.HashOf).Distinct()];
    }

    /// <summary>Takes what other processes have stored since: all rows after <see cref="Last"/>, and the metadata found.</summary>
    public void Update(List<(int Id, string Text)> texts, List<PostgresCatalog.SeriesRow> series, List<(int Id, byte[] Json)> metadata, int lastMetadata)
    {
        catalog.AddTexts(texts);
        catalog.AddSeries(series);
        foreach (var (id, text) in texts)
            _texts.Add(text, id);
        foreach (var row in series)
            _series.Add(catalog.Series(row.Id)!, row.Id);
        foreach (var (id, json) in metadata)
            _foundMetadata[catalog.Metadata.Keep(id, Metadata.FromCanonical(json))] = id;
        _lastMetadata = lastMetadata;
    }

    public int IdOf(SeriesKey series)
    {
        if (_series.TryGetValue(series, out var id))
            return id;
        foreach (var text in (string?[])[series.Meter, series.Unit, series.ResourceId, series.ProjectId, series.UserId, series.Source])
            _ = text is null ? 0 : IdOf(text);
        id = _series.Count + 1;
        _series.Add(series, id);
        _newSeries.Add((id, series));
        return id;
    }

    public int IdOf(Metadata metadata)
    {
        if (catalog.Metadata.Find(metadata) is { } known)
            return known;
        if (_foundMetadata.TryGetValue(metadata, out var id) || _newMetadataIds.TryGetValue(metadata, out id))
            return id;
        id = ++_lastMetadata;
        _newMetadata.Add((id, metadata));
        _newMetadataIds.Add(metadata, id);
        return id;
    }

    /// <summary>Adds the commands that store what is new.</summary>
    public void Store(NpgsqlBatch batch)
    {
        if (_newTexts.Count > 0)
        {
            batch.Add("insert into event_log.texts (id, text) select * from unnest($1::int[], $2::text[])",
                _newTexts.Select(t => t.Id).ToArray(), _newTexts.Select(t => t.Text).ToArray());
        }
        if (_newSeries.Count > 0)
        {
            int[] Ids(Func<SeriesKey, string> text) => [.. _newSeries.Select(s => _texts[text(s.Key)])];
            int?[] OptionalIds(Func<SeriesKey, string?> text) => [.. _newSeries.Select(s => text(s.Key) is { } t ? _texts[t] : (int?)null)];
            batch.Add("""
                insert into event_log.series (id, meter, type, unit, resource, project, "user", source)
                select * from unnest($1::int[], $2::int[], $3::smallint[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[])
                """,
                _newSeries.Select(s => s.Id).ToArray(), Ids(k => k.Meter), _newSeries.Select(s => (short)s.Key.Type).ToArray(), OptionalIds(k => k.Unit),
                Ids(k => k.ResourceId), OptionalIds(k => k.ProjectId), OptionalIds(k => k.UserId), Ids(k => k.Source));
        }
        if (_newMetadata.Count > 0)
        {
            batch.Add("insert into event_log.metadata (id, hash, json) select * from unnest($1::int[], $2::bigint[], $3::bytea[])",
                _newMetadata.Select(m => m.Id).ToArray(), _newMetadata.Select(m => PostgresCatalog.HashOf(m.Metadata)).ToArray(),
                _newMetadata.Select(m => m.Metadata.Utf8.ToArray()).ToArray());
        }
    }

    /// <summary>Gives readers what was stored.</summary>
    public void Committed()
    {
        catalog.AddTexts(_newTexts);
        foreach (var (id, key) in _newSeries)
            catalog.AddSeries(id, key);
        foreach (var (id, metadata) in _newMetadata)
            catalog.Metadata.Keep(id, metadata);
        ClearNew();
    }

    /// <summary>Takes back what the transaction gave; what is stored is read again.</summary>
    public void Forget()
    {
        _texts.Clear();
        _series.Clear();
        ClearNew();
    }

    private void ClearNew()
    {
        _newTexts.Clear();
        _newSeries.Clear();
        _newMetadata.Clear();
        _newMetadataIds.Clear();
        _foundMetadata.Clear();
    }

    private int IdOf(string text)
    {
        if (_texts.TryGetValue(text, out var id))
            return id;
        CheckText(text);
        id = _texts.Count + 1;
        _texts.Add(text, id);
        _newTexts.Add((id, text));
        return id;
    }

    /// <exception cref="ArgumentException">PostgreSQL cannot keep the text: it has a NUL, or half a surrogate pair.</exception>
    public static void CheckText(string text)
    {
        if (text.Contains('\0'))
            throw new ArgumentException($"'{text.Replace('\0', '?')}' has a NUL character, which PostgreSQL cannot keep.");
        Strict.GetByteCount(text);
    }
}

internal static class NpgsqlBatchExtensions
{
    /// <summary>Adds a command with positional parameters.</summary>
    public static void Add(this NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(Parameter(value));
        batch.BatchCommands.Add(command);
    }

    private static NpgsqlParameter Parameter(object value) => value is byte[]?[] blobs
        ? new NpgsqlParameter { Value = blobs, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea }
        : new NpgsqlParameter { Value = value };
}
