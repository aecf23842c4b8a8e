using System.Buffers.Binary;
using System.Security.Cryptography;
using Npgsql;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.EventStores.Postgres;

/// <summary>The catalogue of series, held in memory, and of metadata, held in part, as far as it is committed. Read by many, brought up to date by all.</summary>
internal sealed class PostgresCatalog(long metadataCacheBytes)
{
    public const string TextsSql = "select id, text from event_log.texts where id > $1 order by id";
    public const string SeriesSql = """select id, meter, type, unit, resource, project, "user", source from event_log.series where id > $1 order by id""";

    private readonly Lock _lock = new();
    private readonly List<string?> _texts = [null]; // by number
    private SeriesKey?[] _series = new SeriesKey?[1_024]; // by number from 1; replaced when it grows, so that readers need no lock
    private int _lastSeries;

    public MetadataCache Metadata { get; } = new(metadataCacheBytes);

    /// <summary>The last numbers that are known here; another process may have given more.</summary>
    public (int Text, int Series) Last
    {
        get
        {
            lock (_lock)
                return (_texts.Count - 1, _lastSeries);
        }
    }

    public SeriesKey? Series(int id) => Volatile.Read(ref _series) is var series && (uint)id < (uint)series.Length ? series[id] : null;

    /// <summary>Takes rows of <see cref="TextsSql"/>.</summary>
    public void AddTexts(IReadOnlyList<(int Id, string Text)> rows)
    {
        lock (_lock)
        {
            foreach (var (id, text) in rows)
            {
                if (id == _texts.Count)
                    _texts.Add(text);
            }
        }
    }

    /// <summary>Takes rows of <see cref="SeriesSql"/>, whose texts are known.</summary>
    public void AddSeries(IReadOnlyList<SeriesRow> rows)
    {
        lock (_lock)
        {
            foreach (var row in rows)
                Add(row.Id, new SeriesKey(_texts[row.Meter]!, (SampleType)row.Type, _texts[row.Unit], _texts[row.Resource]!, _texts[row.Project], _texts[row.User], _texts[row.Source]!));
        }
    }

    /// <summary>Takes a series that this process has stored.</summary>
    public void AddSeries(int id, SeriesKey key)
    {
        lock (_lock)
            Add(id, key);
    }

    /// <summary>Where equal metadata is looked for: the first eight bytes of its SHA-256.</summary>
    public static long HashOf(Metadata metadata) => BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(metadata.Utf8.Span));

    private void Add(int id, SeriesKey key)
    {
        if (id <= _lastSeries)
            return;
        var series = _series;
        if (id >= series.Length)
            Array.Resize(ref series, 2 * id);
        series[id] = key;
        Volatile.Write(ref _series, series);
        _lastSeries = id;
    }

    /// <summary>A row of the table; 0 stands for an absent text.</summary>
    internal readonly record struct SeriesRow(int Id, int Meter, short Type, int Unit, int Resource, int Project, int User, int Source)
    {
        public static SeriesRow Read(NpgsqlDataReader row)
        {
            int Text(int column) => row.IsDBNull(column) ? 0 : row.GetInt32(column);
            return new(row.GetInt32(0), Text(1), row.GetInt16(2), Text(3), Text(4), Text(5), Text(6), Text(7));
        }
    }
}
