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

    public async ValueTask<IReadOnlyList<Sample>> SamplesAsync(SampleQuery query, CancellationToken ct = default) => (await SamplesOfEachAsync([query], ct))[0];

    public async ValueTask<IReadOnlyList<IReadOnlyList<Sample>>> SamplesOfEachAsync(IReadOnlyList<SampleQuery> queries, CancellationToken ct = default)
    {
        using var run = Begin(ct);
        var plans = queries.Select(q => new QueryPlan(q.Filter, TimeRange.Always)).ToList();
        var named = await SamplesOfIdsAsync(run, [.. plans.Select(p => p.MessageId).OfType<string>().Distinct()]);
        var found = new List<SortedSample[]>(queries.Count);
        foreach (var (query, plan) in queries.Zip(plans))
            found.Add(await FindAsync(run, query, plan, named));
        var samples = await SampleSorting.CompleteAsync([.. found.SelectMany(f => f)]);
        var next = 0;
        return found.ConvertAll<IReadOnlyList<Sample>>(f => samples[next..(next += f.Length)]);
    }

    /// <summary>The samples of an answer, of which the log may still have to tell something.</summary>
    /// <param name="named">All samples of the ids that the query asks for.</param>
    private static async ValueTask<SortedSample[]> FindAsync(QueryRun run, SampleQuery query, QueryPlan plan, ILookup<string, SortedSample> named)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        if (plan.MessageId is { } id)
            return await SampleSorting.SortAsync(named[id].Where(s => query.Filter.Selects(new SampleRow(s.Sample))).ToAsyncEnumerable(), query);
        return query.OrderBy is []
            ? await NewestSamples.FindAsync(run, plan, query.Limit)
            : await SampleSorting.SortAsync(AllSamplesAsync(run, plan, query), query);
    }

    public async ValueTask<Sample?> FindSampleAsync(string id, Predicate filter, CancellationToken ct = default)
    {
        using var run = Begin(ct);
        return (await SamplesOfIdsAsync(run, [id]))[id].FirstOrDefault(s => filter.Selects(new SampleRow(s.Sample))).Sample;
    }

    /// <summary>The samples with some ids, in the order of insertion; some events of the log at a time.</summary>
    private static async ValueTask<ILookup<string, SortedSample>> SamplesOfIdsAsync(QueryRun run, IReadOnlyList<string> ids)
    {
        var found = new Dictionary<long, SortedSample>(); // by origin, as an event may be looked at for two ids
        if (ids.Count > 0)
        {
            var hashes = ids.Select(ForeignIds.HashOf).ToList();
            var (end, unstored) = run.Reading.Look(model => (model.Position, model.UnstoredEventsThatMayHold(hashes)));
            foreach (var some in run.Model.Tables.EventsThatMayHold(hashes, end).Concat(unstored).ToLookup(e => e.Position, e => ids[e.Hash]).OrderBy(e => e.Key).Chunk(QueryRun.MaxEventsAtOnce))
            {
                var wanted = some.ToDictionary(e => e.Key);
                foreach (var recorded in await run.EventsAsync(wanted.Keys))
                    Take(recorded, wanted[recorded.Position].ToHashSet());
            }
            foreach (var some in ids.Where(IsUuid).GroupBy(id => EventId.Containing(Guid.Parse(id))).Chunk(QueryRun.MaxEventsAtOnce))
            {
                var wanted = some.ToDictionary(e => e.Key);
                foreach (var recorded in (await run.EventsAsync(wanted.Keys)).Where(e => e.Position <= end))
                    Take(recorded, wanted[recorded.Id].ToHashSet());
            }
        }
        return found.OrderBy(f => f.Key).Select(f => f.Value).ToLookup(f => f.Sample.Id);

        void Take(RecordedEvent recorded, HashSet<string> wanted)
        {
            if (recorded.Body is not EventBody.Samples { Batch: var batch })
                return;
            for (var i = 0; i < batch.Count; i++)
            {
                if (batch.SampleId(recorded.Id, i) is var id && wanted.Contains(id) && Origin.Of(recorded.Position, i) is var origin)
                {
                    found[origin] = new(new Sample(
                        id, batch.Series[i], batch.Timestamps[i], batch.Volumes[i], batch.Metadata[i], UnixMicroseconds.From(recorded.RecordedAt), batch.Signature(i))
                    { Position = recorded.Position }, origin);
                }
            }
        }
    }

    private static bool IsUuid(string id) => Guid.TryParseExact(id, "D", out var uuid) && uuid.ToString() == id;

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
