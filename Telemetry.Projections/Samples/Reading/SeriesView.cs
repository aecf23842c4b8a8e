using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>One series as it was between two events.</summary>
/// <param name="Rest">What is left to ask of its samples.</param>
internal sealed record SeriesView(int Id, SeriesKey Key, SeriesSummary Summary, TailView Tail, BlockView Blocks, Predicate Rest)
{
    /// <summary>By level, the rollups that are in no block, and the blocks; null where they were not asked for.</summary>
    public (Rollup[] Open, BlockView Blocks)[]? Rollups { get; init; }
}

/// <summary>Takes views of all series that a plan chooses, at one moment.</summary>
internal static class SeriesViews
{
    public static List<SeriesView> Take(SampleModel.Reading reading, QueryPlan plan, bool rollups, QueryBudget budget)
    {
        // Judging may take long (a regular expression over many series), so it is done outside of the lock; series that came
        // meanwhile are judged inside. The lists only grow.
        var seen = reading.Look(model => plan.Candidates(model.Index).ConvertAll(list => (List: list, list.Items)));
        var chosen = new List<(Series Series, Predicate Condition)>();
        foreach (var (_, items) in seen)
        {
            budget.Check();
            Choose(items.Span);
        }
        return reading.Look(model =>
        {
            foreach (var (list, items) in seen)
                Choose(list.Items.Span[items.Length..]);
            var views = new List<SeriesView>(chosen.Count);
            foreach (var (series, rest) in chosen)
            {
                if (plan.Range.Overlaps(series.Summary.FirstAt, series.Summary.LastAt))
                    views.Add(ViewOf(series, rest, rollups));
            }
            return views;
        });

        void Choose(ReadOnlySpan<Series> candidates)
        {
            foreach (var series in candidates)
            {
                if (plan.Chooses(series) && plan.RestFor(series) is var rest && rest is not Predicate.Constant { Value: not true })
                    chosen.Add((series, rest));
            }
        }
    }

    private static SeriesView ViewOf(Series series, Predicate rest, bool rollups) =>
        new(series.Id, series.Key, series.Summary, series.Tail, series.Blocks[SegmentKinds.Samples].View, rest)
        {
            Rollups = rollups
                ? [.. series.Rollups.Select((r, level) => (r.Open.ToArray(), series.Blocks[SegmentKinds.Rollups(level)].View))]
                : null,
        };
}
