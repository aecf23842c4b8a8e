using Npgsql;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Ingest.EventStores.Postgres;

/// <summary>Decodes the batches of a page. What the catalogue in memory lacks is asked for once a page, not once a number.</summary>
internal sealed class BatchReader(PostgresCatalog catalog) : ISampleCatalog
{
    private static readonly SeriesKey Unknown = new("", SampleType.Gauge, null, "", null, null, "");

    private readonly Dictionary<int, Metadata> _asked = [];
    private readonly HashSet<int> _missingMetadata = [];
    private readonly HashSet<int> _missingSeries = [];

    /// <summary>What the last decoding lacked, so that it has to be done again after <see cref="LoadAsync"/>.</summary>
    public bool IsIncomplete => _missingSeries.Count > 0 || _missingMetadata.Count > 0;

    public SampleBatch Decode(byte[] data) => SampleBatchCodec.DecodeFromLog(data, this);

    public SeriesKey? Series(int id)
    {
        if (catalog.Series(id) is { } known)
            return known;
        _missingSeries.Add(id);
        return Unknown;
    }

    public Metadata? Metadata(int id)
    {
        if (catalog.Metadata.Find(id) is { } known || _asked.TryGetValue(id, out known))
            return known;
        _missingMetadata.Add(id);
        return Domain.Metering.Metadata.Empty;
    }

    /// <summary>Reads what was missing.</summary>
    /// <exception cref="InvalidDataException">The tables do not have it.</exception>
    public async Task LoadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (_missingSeries.Count > 0)
            await LoadSeriesAsync(connection, ct).ConfigureAwait(false);
        if (_missingMetadata.Count > 0)
            await LoadMetadataAsync(connection, ct).ConfigureAwait(false);
    }

    private async Task LoadSeriesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var before = catalog.Last;
        var series = await RowsAsync(connection, PostgresCatalog.SeriesSql, before.Series, PostgresCatalog.SeriesRow.Read, ct).ConfigureAwait(false);
        // Asked second: every series found has its texts then.
        var texts = await RowsAsync(connection, PostgresCatalog.TextsSql, before.Text, static row => (row.GetInt32(0), row.GetString(1)), ct).ConfigureAwait(false);
        catalog.AddTexts(texts);
        catalog.AddSeries(series);
        // Another reader may have brought them meanwhile.
        if (_missingSeries.Where(id => catalog.Series(id) is null).Take(5).ToList() is { Count: > 0 } absent)
            throw new InvalidDataException($"A batch names series that the table of series does not have: {string.Join(", ", absent)}.");
        _missingSeries.Clear();
    }

    private async Task LoadMetadataAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var rows = await RowsAsync(connection, "select id, json from event_log.metadata where id = any($1)", _missingMetadata.ToArray(),
            static row => (Id: row.GetInt32(0), Json: row.GetFieldValue<byte[]>(1)), ct).ConfigureAwait(false);
        foreach (var (id, json) in rows)
            _asked[id] = catalog.Metadata.Keep(id, Domain.Metering.Metadata.FromCanonical(json));
        if (rows.Count < _missingMetadata.Count)
            throw new InvalidDataException($"A batch names metadata that the table of metadata does not have: {string.Join(", ", _missingMetadata.Except(rows.Select(r => r.Id)).Take(5))}.");
        _missingMetadata.Clear();
    }

    private static async Task<List<T>> RowsAsync<TValue, T>(NpgsqlConnection connection, string sql, TValue value, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter<TValue> { TypedValue = value } } };
        await using var reader = await command.ExecuteReaderAsync(ct).ConfigureAwait(false);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct).ConfigureAwait(false))
            rows.Add(read(reader));
        return rows;
    }
}
