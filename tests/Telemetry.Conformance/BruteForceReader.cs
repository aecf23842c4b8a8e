using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using Telemetry.Domain.Streams;

namespace Telemetry.Conformance;

/// <summary>The reader that cannot be wrong: a list of samples, gone through from end to end for every question.</summary>
/// <remarks>What every real reader is compared with.</remarks>
public sealed class BruteForceReader : IMeteringReader
{
    private readonly List<Row> _rows = [];
    private readonly List<(SampleBatch, EventId)> _batches = [];

    /// <summary>What was added, in order.</summary>
    public IReadOnlyList<(SampleBatch Batch, EventId Id)> Batches => _batches;

    /// <summary>Adds the samples of a recorded batch.</summary>
    public void Apply(RecordedEvent recorded)
    {
        if (recorded.Body is EventBody.Samples samples)
            Add(samples.Batch, recorded.Id, recorded.RecordedAt);
    }

    public void Add(SampleBatch batch, EventId id, DateTimeOffset recordedAt)
    {
        lock (_rows)
        {
            _batches.Add((batch, id));
            for (var i = 0; i < batch.Count; i++)
            {
                _rows.Add(new(_rows.Count, new Sample(
                    batch.SampleId(id, i), batch.Series[i], batch.Timestamps[i], batch.Volumes[i], batch.Metadata[i],
                    UnixMicroseconds.From(recordedAt), batch.Signature(i))));
            }
        }
    }

    public ValueTask<IReadOnlyList<Sample>> SamplesAsync(SampleQuery query, CancellationToken ct = default)
    {
        IOrderedEnumerable<Row> rows = query.OrderBy is []
            ? Select(query.Filter).OrderByDescending(r => r.Sample.Timestamp)
            : query.OrderBy.Aggregate(Select(query.Filter).OrderBy(_ => 0), (sorted, key) => key.Descending
                ? sorted.ThenByDescending(r => r[key.Field], Values.Instance)
                : sorted.ThenBy(r => r[key.Field], Values.Instance)).ThenByDescending(r => r.Sample.Timestamp);
        return new(rows.ThenBy(r => r.Order).Take(query.Limit).Select(r => r.Sample).ToList());
    }

    public ValueTask<Sample?> FindSampleAsync(string id, Predicate filter, CancellationToken ct = default) =>
        new(Select(filter).FirstOrDefault(r => r.Sample.Id == id).Sample);

    public ValueTask<IReadOnlyList<MeterRow>> MetersAsync(ListQuery query, CancellationToken ct = default) =>
        new(LatestOfMeters(query.Filter).Take(query.Limit)
            .Select(s => new MeterRow(s.Meter, s.Type, s.Unit, s.ResourceId, s.ProjectId, s.UserId, s.Source)).ToList());

    public ValueTask<IReadOnlyList<MeterRow>> MeterDefinitionsAsync(ListQuery query, CancellationToken ct = default) =>
        new(LatestOfMeters(query.Filter).Select(s => new MeterRow(s.Meter, s.Type, s.Unit, null, null, null, null))
            .Distinct().Take(query.Limit).ToList());

    public ValueTask<IReadOnlyList<ResourceRow>> ResourcesAsync(ListQuery query, CancellationToken ct = default) =>
        new(Select(query.Filter).GroupBy(r => r.Sample.Series.ResourceId).Select(resource =>
        {
            var latest = Latest(resource);
            return new ResourceRow(
                resource.Key, latest.Series.ProjectId, latest.Series.UserId, latest.Series.Source,
                resource.Min(r => r.Sample.Timestamp), resource.Max(r => r.Sample.Timestamp), latest.Metadata,
                resource.Select(r => r.Sample.Series.Meter).Distinct().ToList());
        })
            .OrderByDescending(r => r.UserId, StringComparer.Ordinal).ThenByDescending(r => r.ProjectId, StringComparer.Ordinal)
            .ThenByDescending(r => r.LastAt).ThenBy(r => r.ResourceId, StringComparer.Ordinal)
            .Take(query.Limit).ToList());

    public ValueTask<IReadOnlyList<StatisticsRow>> StatisticsAsync(StatisticsQuery query, CancellationToken ct = default)
    {
        var selected = Select(query.Filter).Where(r => query.Range.Contains(r.Sample.Timestamp))
            .Where(r => query.GroupBy.All(f => !f.IsMetadata || r[f].Kind != ValueKind.Null)).ToList();
        if (selected.Count == 0)
            return new([]);
        PeriodGrid? grid = query.PeriodSeconds is { } period
            ? new PeriodGrid(query.GridStart ?? selected.Min(r => r.Sample.Timestamp), period)
            : null;
        var groups = new Dictionary<string, int>();
        var rows = selected
            .Select(r => (Row: r, Group: query.GroupBy.Select(f => r[f]).ToList()))
            .GroupBy(r => (Key: string.Join('\0', r.Group.Select(v => $"{v.Kind}:{v}")), r.Row.Sample.Series.Unit, Bucket: grid?.IndexOf(r.Row.Sample.Timestamp) ?? 0))
            .Select(g =>
            {
                var key = $"{g.Key.Key}\0{g.Key.Unit is null}{g.Key.Unit}";
                groups.TryAdd(key, groups.Count);
                var total = new Accumulator();
                foreach (var (row, _) in g)
                    total.Add(row.Sample.Timestamp, row.Sample.Volume);
                var members = g.Select(x => x.Row).ToList();
                return (Order: groups[key], g.Key.Bucket, Row: new StatisticsRow(
                    g.Key.Unit, g.First().Group,
                    grid?.StartOf(g.Key.Bucket) ?? total.FirstAt, grid?.StartOf(g.Key.Bucket + 1) ?? total.LastAt, total,
                    query.Aggregates.Select(a => Value(a, total, members)).ToList()));
            })
            .OrderBy(x => x.Bucket).ThenBy(x => x.Order).Select(x => x.Row).ToList();
        return rows.Count > StatisticsQuery.MaxRows ? throw new TooManyRowsException() : new(rows);
    }

    private static double? Value(Aggregate aggregate, in Accumulator total, List<Row> rows) => aggregate.Function switch
    {
        AggregateFunction.Max => total.Max,
        AggregateFunction.Min => total.Min,
        AggregateFunction.Sum => total.Sum,
        AggregateFunction.Average => total.Average,
        AggregateFunction.Count => total.Count,
        AggregateFunction.StandardDeviation => Deviation(rows),
        AggregateFunction.Cardinality => rows.Select(r => r[aggregate.Of!.Value]).Distinct().Count(),
        AggregateFunction.Percentile => Percentile(rows, aggregate.Percentile),
        AggregateFunction.First => rows.OrderBy(r => r.Sample.Timestamp).ThenBy(r => r.Order).First().Sample.Volume,
        AggregateFunction.Last => rows.OrderBy(r => r.Sample.Timestamp).ThenBy(r => r.Order).Last().Sample.Volume,
        AggregateFunction.Rate => Rate(rows),
        _ => throw new ArgumentOutOfRangeException(nameof(aggregate), aggregate, "No such function."),
    };

    private static double Deviation(List<Row> rows)
    {
        var mean = rows.Average(r => r.Sample.Volume);
        return Math.Sqrt(rows.Sum(r => (r.Sample.Volume - mean) * (r.Sample.Volume - mean)) / rows.Count);
    }

    private static double Percentile(List<Row> rows, double percentile)
    {
        var volumes = rows.Select(r => r.Sample.Volume).Order().ToList();
        var rank = percentile / 100 * (volumes.Count - 1);
        var below = (int)Math.Floor(rank);
        var above = Math.Min(below + 1, volumes.Count - 1);
        return volumes[below] + (volumes[above] - volumes[below]) * (rank - below);
    }

    private static double? Rate(List<Row> rows)
    {
        double? rate = null;
        foreach (var series in rows.GroupBy(r => r.Sample.Series))
        {
            var samples = series.OrderBy(r => r.Sample.Timestamp).ThenBy(r => r.Order).Select(r => r.Sample).ToList();
            var seconds = (samples[^1].Timestamp - samples[0].Timestamp) / (double)UnixMicroseconds.PerSecond;
            if (seconds <= 0)
                continue;
            var growth = series.Key.Type switch
            {
                SampleType.Gauge => samples[^1].Volume - samples[0].Volume,
                SampleType.Delta => samples.Skip(1).Sum(s => s.Volume),
                _ => samples.Zip(samples.Skip(1), (a, b) => b.Volume < a.Volume ? b.Volume : b.Volume - a.Volume).Sum(),
            };
            rate = (rate ?? 0) + growth / seconds;
        }
        return rate;
    }

    private List<Row> Select(Predicate filter)
    {
        lock (_rows)
            return _rows.Where(r => filter.Selects(r)).ToList();
    }

    private IEnumerable<SeriesKey> LatestOfMeters(Predicate filter) =>
        Select(Predicate.True)
            .GroupBy(r => (r.Sample.Series.Meter, r.Sample.Series.Type, r.Sample.Series.Unit, r.Sample.Series.ResourceId))
            .Select(g => g.OrderBy(r => r.Sample.Timestamp).ThenBy(r => r.Order).Last())
            .Where(r => filter.Selects(r)).Select(r => r.Sample.Series);

    private static Sample Latest(IEnumerable<Row> rows) => rows.OrderBy(r => r.Sample.Timestamp).ThenBy(r => r.Order).Last().Sample;

    private readonly record struct Row(int Order, Sample Sample) : IRow
    {
        public QueryValue this[Field field] => field switch
        {
            { IsMetadata: true } => Sample.Metadata[field.Path!],
            _ when field == Field.Meter => QueryValue.Of(Sample.Series.Meter),
            _ when field == Field.Type => QueryValue.Of(Sample.Series.Type.Name()),
            _ when field == Field.Unit => QueryValue.Of(Sample.Series.Unit),
            _ when field == Field.Volume => QueryValue.Of(Sample.Volume),
            _ when field == Field.UserId => QueryValue.Of(Sample.Series.UserId),
            _ when field == Field.ProjectId => QueryValue.Of(Sample.Series.ProjectId),
            _ when field == Field.ResourceId => QueryValue.Of(Sample.Series.ResourceId),
            _ when field == Field.Source => QueryValue.Of(Sample.Series.Source),
            _ when field == Field.Timestamp => QueryValue.Instant(Sample.Timestamp),
            _ when field == Field.RecordedAt => QueryValue.Instant(Sample.RecordedAt),
            _ when field == Field.MessageId => QueryValue.Of(Sample.Id),
            _ when field == Field.MessageSignature => QueryValue.Of(Sample.Signature),
            _ => QueryValue.Null,
        };
    }

    /// <summary>Missing values first, then text by ordinal, numbers and instants by size.</summary>
    private sealed class Values : IComparer<QueryValue>
    {
        public static readonly Values Instance = new();

        public int Compare(QueryValue x, QueryValue y) => (x.Kind, y.Kind) switch
        {
            (ValueKind.Null, ValueKind.Null) => 0,
            (ValueKind.Null, _) => -1,
            (_, ValueKind.Null) => 1,
            (ValueKind.Text, _) => string.CompareOrdinal(x.Text, y.Text),
            (ValueKind.Float, _) => x.Number.CompareTo(y.Number),
            _ => x.Integer.CompareTo(y.Integer),
        };
    }
}
