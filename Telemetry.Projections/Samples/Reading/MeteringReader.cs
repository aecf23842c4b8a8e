using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>Answers from the samples' read model; ids, signatures and times of storing of older samples come from the log.</summary>
/// <remarks>Every method throws <see cref="TimeoutException"/> where the query takes longer than <see cref="ProjectionsOptions.QueryTimeoutSeconds"/>.</remarks>
internal sealed partial class MeteringReader(SampleProjection projection, IEventStore log, ProjectionsOptions options, TimeProvider time) : IMeteringReader
{
    private readonly TimeSpan _timeout = TimeSpan.FromSeconds(options.QueryTimeoutSeconds);

    private QueryRun Begin(CancellationToken ct) => new(projection.Read(), log, new(time, _timeout, ct));

    public async ValueTask<IReadOnlyList<Sample>> SamplesAsync(SampleQuery query, CancellationToken ct = default)
    {
        using var run = Begin(ct);
        return await SampleSorting.CompleteAsync(await FindAsync(run, query));
    }

    public async ValueTask<IReadOnlyList<IReadOnlyList<Sample>>> SamplesOfEachAsync(IReadOnlyList<SampleQuery> queries, CancellationToken ct = default)
    {
        using var run = Begin(ct);
        var found = new List<SortedSample[]>(queries.Count);
        foreach (var query in queries)
            found.Add(await FindAsync(run, query));
        var samples = await SampleSorting.CompleteAsync([.. found.SelectMany(f => f)]);
        var next = 0;
        return found.ConvertAll<IReadOnlyList<Sample>>(f => samples[next..(next += f.Length)]);
    }

    /// <summary>The samples of an answer, of which the log may still have to tell something.</summary>
    private async ValueTask<SortedSample[]> FindAsync(QueryRun run, SampleQuery query)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        var plan = new QueryPlan(query.Filter, TimeRange.Always);
        if (plan.MessageId is { } id)
            return await SampleSorting.SortAsync(SamplesOfIdAsync(run, id, query.Filter), query);
        return query.OrderBy is []
            ? await NewestSamples.FindAsync(run, plan, query.Limit)
            : await SampleSorting.SortAsync(AllSamplesAsync(run, plan, query), query);
    }

    public async ValueTask<Sample?> FindSampleAsync(string id, Predicate filter, CancellationToken ct = default)
    {
        using var run = Begin(ct);
        await foreach (var found in SamplesOfIdAsync(run, id, filter))
            return found.Sample;
        return null;
    }

    /// <summary>The samples with an id that a filter selects, in the order of insertion.</summary>
    private async IAsyncEnumerable<SortedSample> SamplesOfIdAsync(QueryRun run, string id, Predicate filter)
    {
        var (end, positions) = run.Reading.Look(model => (model.Position, model.UnstoredEventsThatMayHold(id)));
        positions.AddRange(run.Model.Tables.EventsThatMayHold(ForeignIds.HashOf(id), end));
        if (Guid.TryParseExact(id, "D", out var uuid) && uuid.ToString() == id
            && await log.FindAsync(EventId.Containing(uuid), run.Budget.Token) is { } own && own.Position <= end)
        {
            positions.Add(own.Position);
        }
        foreach (var position in positions.Distinct().Order())
        {
            var recorded = await run.EventAsync(position);
            if (recorded.Body is not EventBody.Samples { Batch: var batch })
                continue;
            for (var i = 0; i < batch.Count; i++)
            {
                if (batch.SampleId(recorded.Id, i) != id)
                    continue;
                var sample = new Sample(
                    id, batch.Series[i], batch.Timestamps[i], batch.Volumes[i], batch.Metadata[i],
                    UnixMicroseconds.From(recorded.RecordedAt), batch.Signature(i))
                { Position = position };
                if (filter.Selects(new SampleRow(sample)))
                    yield return new(sample, Origin.Of(position, i));
            }
        }
    }

    /// <summary>Every sample that a plan selects, in no order.</summary>
    private static async IAsyncEnumerable<SortedSample> AllSamplesAsync(QueryRun run, QueryPlan plan, SampleQuery query)
    {
        var needsEvent = query.OrderBy.Any(key => SampleRow.IsOfEvent(key.Field));
        var selected = new List<(int From, int To)>();
        foreach (var series in run.Series(plan))
        {
            var filter = run.FilterOf(series.Rest);
            foreach (var points in run.Chunks(series, plan.Range, PointColumns.All))
            {
                await filter.SelectAsync(series.Key, points, plan.Range, selected);
                foreach (var (from, to) in selected)
                {
                    for (var i = from; i < to; i++)
                    {
                        // What only the log knows is filled in later, for the samples that are shown.
                        yield return needsEvent
                            ? new(await run.SampleAsync(series.Key, points.Times[i], points.Volumes[i], points.Origins[i], points.Metadata[i]), points.Origins[i])
                            : new(new("", series.Key, points.Times[i], points.Volumes[i], run.Model.Metadata.Get(points.Metadata[i]), 0, null), points.Origins[i], run);
                    }
                }
            }
        }
    }
}
