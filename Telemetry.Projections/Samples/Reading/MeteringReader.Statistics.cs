using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Projections.Samples.Reading;

internal sealed partial class MeteringReader
{
    public async ValueTask<IReadOnlyList<StatisticsRow>> StatisticsAsync(StatisticsQuery query, CancellationToken ct = default)
    {
        using var run = Begin(ct);
        // Samples that lack a key that is grouped by are left out, also when the first bucket is looked for.
        var filter = query.GroupBy.Where(f => f.IsMetadata).Aggregate(
            query.Filter, (all, key) => Predicate.And(all, new Predicate.Compare(key, Comparison.NotEqual, QueryValue.Null)));
        var plan = new QueryPlan(filter, query.Range);
        var mayRollUp = plan.Rest is Predicate.Constant { Value: true } && query.GroupBy.All(KeyRow.Has)
            && query.Aggregates.All(a => a.Accumulates || (a is { Function: AggregateFunction.Cardinality, Of: { } of } && KeyRow.Has(of)));
        var series = run.Series(plan, !mayRollUp ? RollupUse.None : new StatisticsTable(query, query.GridStart).BucketsAreDays ? RollupUse.Days : RollupUse.All);
        var gridStart = query.GridStart;
        if (query.PeriodSeconds is not null && gridStart is null)
            gridStart = await EarliestSample.FindAsync(run, plan, series);
        var table = new StatisticsTable(query, gridStart);
        if (mayRollUp && table.BucketsAreHours)
            new RollupStatistics(run, plan, table).Add(series);
        else
            await new ScannedStatistics(run, plan, query, table).AddAsync(series);
        return table.ToRows();
    }
}
