namespace Telemetry.Projections.Samples.Reading;

/// <summary>The earliest sample that a query selects.</summary>
internal static class EarliestSample
{
    /// <summary>Its timestamp, null where nothing is selected.</summary>
    public static async ValueTask<long?> FindAsync(QueryRun run, QueryPlan plan, List<SeriesView> all)
    {
        long? earliest = null;
        var selected = new List<(int From, int To)>();
        foreach (var series in all)
        {
            run.Budget.Check();
            if (series.Summary.FirstAt >= earliest)
                continue;
            var filter = run.FilterOf(series.Rest);
            if (filter.SelectsAll && plan.Range.Contains(series.Summary.FirstAt))
            {
                earliest = series.Summary.FirstAt;
                continue;
            }
            var range = plan.Range.Intersect(new(null, earliest));
            foreach (var points in run.Chunks(series, range, filter.Columns))
            {
                if (earliest is { } at)
                    range = plan.Range.Intersect(new(null, at));
                await filter.SelectAsync(series.Key, points, range, selected);
                if (selected.Count > 0)
                    earliest = points.Times[selected[0].From];
            }
        }
        return earliest;
    }
}
