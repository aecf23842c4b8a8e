using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>One series as it was between two events.</summary>
/// <param name="Rest">What is left to ask of its samples.</param>
internal sealed record SeriesView(int Id, SeriesKey Key, SeriesSummary Summary, TailView Tail, BlockView Blocks, Predicate Rest)
{
    /// <summary>By level, the rollups that are in no block, and the blocks; null where they were not asked for.</summary>
    public (Rollup[] Open, BlockView Blocks)[]? Rollups { get; init; }

    /// <summary>The hour in progress: neither among the hours nor in a day.</summary>
    public Rollup Hour { get; init; }
}

/// <summary>Which rollups a query needs.</summary>
internal enum RollupUse
{
    None,

    /// <summary>Days, and hours where the range cuts some off.</summary>
    Days,

    All,
}

/// <summary>Takes views of all series that a plan chooses, at one moment.</summary>
internal static class SeriesViews
{
    public static List<SeriesView> Take(SampleModel.Reading reading, QueryPlan plan, RollupUse rollups, QueryBudget budget)
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
                    views.Add(ViewOf(series, rest, plan.Range, rollups));
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

    private static SeriesView ViewOf(Series series, Predicate rest, TimeRange range, RollupUse use)
    {
        var rollups = use == RollupUse.None ? null : new (Rollup[], BlockView)[RollupLevels.Count];
        for (var level = 0; rollups is not null && level < RollupLevels.Count; level++)
        {
            // Whole days of everything: then hours are not looked at, and copying them would take longer than the rest.
            var isUsed = level == RollupLevels.Day || use == RollupUse.All || !range.Covers(series.Summary.FirstAt, series.Summary.LastAt);
            rollups[level] = (isUsed ? series.Rollups[level].Open.ToArray() : [], series.Blocks[SegmentKinds.Rollups(level)].View);
        }
        return new(series.Id, series.Key, series.Summary, series.Tail, series.Blocks[SegmentKinds.Samples].View, rest)
        {
            Hour = series.Hour,
            Rollups = rollups,
        };
    }
}
