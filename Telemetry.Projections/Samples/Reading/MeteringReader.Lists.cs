using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples.Reading;

internal sealed partial class MeteringReader
{
    public async ValueTask<IReadOnlyList<MeterRow>> MetersAsync(ListQuery query, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        var rows = new List<MeterRow>();
        await foreach (var s in SelectedMetersAsync(query.Filter, ct))
        {
            rows.Add(new(s.Meter, s.Type, s.Unit, s.ResourceId, s.ProjectId, s.UserId, s.Source));
            if (rows.Count == query.Limit)
                break;
        }
        return rows;
    }

    public async ValueTask<IReadOnlyList<MeterRow>> MeterDefinitionsAsync(ListQuery query, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        var rows = new List<MeterRow>();
        var seen = new HashSet<MeterRow>();
        await foreach (var s in SelectedMetersAsync(query.Filter, ct))
        {
            var row = new MeterRow(s.Meter, s.Type, s.Unit, null, null, null, null);
            if (!seen.Add(row))
                continue;
            rows.Add(row);
            if (rows.Count == query.Limit)
                break;
        }
        return rows;
    }

    public async ValueTask<IReadOnlyList<ResourceRow>> ResourcesAsync(ListQuery query, CancellationToken ct = default)
    {
        using var run = Begin(ct);
        return await ResourcesAsync(run, query);
    }

    public async ValueTask<IReadOnlyList<IReadOnlyList<ResourceRow>>> ResourcesOfEachAsync(IReadOnlyList<ListQuery> queries, CancellationToken ct = default)
    {
        using var run = Begin(ct);
        var answers = new List<IReadOnlyList<ResourceRow>>(queries.Count);
        foreach (var query in queries)
            answers.Add(await ResourcesAsync(run, query));
        return answers;
    }

    private static async ValueTask<IReadOnlyList<ResourceRow>> ResourcesAsync(QueryRun run, ListQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        var plan = new QueryPlan(query.Filter, TimeRange.Always);
        var resources = new Dictionary<string, ResourceTotal>();
        var selected = new List<(int From, int To)>();
        foreach (var series in run.Series(plan))
        {
            run.Budget.Check();
            var summary = series.Summary;
            var filter = run.FilterOf(series.Rest);
            if (!filter.SelectsAll || !plan.Range.Covers(summary.FirstAt, summary.LastAt))
            {
                summary = default;
                foreach (var points in run.Chunks(series, plan.Range, filter.Columns | PointColumns.Origins | PointColumns.Metadata))
                {
                    await filter.SelectAsync(series.Key, points, plan.Range, selected);
                    foreach (var (from, to) in selected)
                        ResourceTotal.Add(ref summary, points, from, to);
                }
            }
            if (summary.Count == 0)
                continue;
            if (!resources.TryGetValue(series.Key.ResourceId, out var total))
                resources.Add(series.Key.ResourceId, total = new());
            total.Add(series.Key, summary);
        }
        return resources.Values
            .OrderByDescending(r => r.Latest.UserId, StringComparer.Ordinal).ThenByDescending(r => r.Latest.ProjectId, StringComparer.Ordinal)
            .ThenByDescending(r => r.LastAt).ThenBy(r => r.Latest.ResourceId, StringComparer.Ordinal)
            .Take(query.Limit).Select(r => r.ToRow(run.Model.Metadata)).ToList();
    }

    /// <summary>The series of the latest sample of every meter on a resource where the filter selects that sample, in the order of first appearance.</summary>
    private async IAsyncEnumerable<SeriesKey> SelectedMetersAsync(
        Predicate filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        using var run = Begin(ct);
        var plan = new QueryPlan(filter, TimeRange.Always);
        foreach (var (series, last) in run.Reading.Look(model => LatestOfMeters(model, plan)))
        {
            run.Budget.Check();
            if (!plan.Chooses(series) || !plan.Range.Contains(last.LastAt))
                continue;
            var selects = plan.Rest is Predicate.Constant { Value: true }
                || (run.FilterOf(plan.Rest).UsesEvent
                    ? plan.Rest.Selects(new SampleRow(await run.SampleAsync(series.Key, last.LastAt, last.LastVolume, last.LastOrigin, last.LastMetadata)))
                    : plan.Rest.Selects(new PointRow(series.Key, last.LastAt, last.LastVolume, run.Model.Metadata.Get(last.LastMetadata))));
            if (selects)
                yield return series.Key;
        }
    }

    private static List<(Series Series, SeriesSummary Summary)> LatestOfMeters(SampleModel model, QueryPlan plan)
    {
        var candidates = plan.Candidates(model.Index);
        IEnumerable<MeterGroup> groups = candidates is [var only] && only == model.Index.All
            ? model.Index.Groups
            : candidates.SelectMany(list => list.Items.ToArray()).Select(s => model.Index.GroupOf(s.Key)).DistinctBy(g => g.Id).OrderBy(g => g.Id);
        return groups.Select(group =>
        {
            var latest = group.Series[0];
            foreach (var series in group.Series)
            {
                if ((series.Summary.LastAt, series.Summary.LastOrigin).CompareTo((latest.Summary.LastAt, latest.Summary.LastOrigin)) > 0)
                    latest = series;
            }
            return (latest, latest.Summary);
        }).ToList();
    }

    /// <summary>What the selected samples of a resource come to.</summary>
    private sealed class ResourceTotal
    {
        private readonly Dictionary<string, long> _meters = [];
        private long _firstAt = long.MaxValue;
        private (long At, long Origin) _last = (long.MinValue, long.MinValue);
        private int _metadata;

        public SeriesKey Latest { get; private set; } = null!;
        public long LastAt => _last.At;

        /// <summary>Adds samples of a block, which are sorted, to those of earlier blocks.</summary>
        public static void Add(ref SeriesSummary total, Points points, int from, int to)
        {
            var first = points.Origins.AsSpan(from, to - from)[0];
            foreach (var origin in points.Origins.AsSpan(from, to - from))
                first = Math.Min(first, origin);
            var (firstAt, lastAt, lastOrigin) = (points.Times[from], points.Times[to - 1], points.Origins[to - 1]);
            if (total.Count == 0)
                (total.FirstAt, total.FirstOrigin, total.LastAt, total.LastOrigin) = (firstAt, first, long.MinValue, long.MinValue);
            total.Count += to - from;
            total.FirstAt = Math.Min(total.FirstAt, firstAt);
            total.FirstOrigin = Math.Min(total.FirstOrigin, first);
            if ((lastAt, lastOrigin).CompareTo((total.LastAt, total.LastOrigin)) > 0)
                (total.LastAt, total.LastOrigin, total.LastMetadata) = (lastAt, lastOrigin, points.Metadata[to - 1]);
        }

        public void Add(SeriesKey key, in SeriesSummary summary)
        {
            _firstAt = Math.Min(_firstAt, summary.FirstAt);
            _meters[key.Meter] = Math.Min(_meters.GetValueOrDefault(key.Meter, long.MaxValue), summary.FirstOrigin);
            if ((summary.LastAt, summary.LastOrigin).CompareTo(_last) <= 0)
                return;
            _last = (summary.LastAt, summary.LastOrigin);
            (Latest, _metadata) = (key, summary.LastMetadata);
        }

        public ResourceRow ToRow(MetadataTable metadata) => new(
            Latest.ResourceId, Latest.ProjectId, Latest.UserId, Latest.Source, _firstAt, _last.At, metadata.Get(_metadata),
            _meters.OrderBy(m => m.Value).Select(m => m.Key).ToList());
    }
}
