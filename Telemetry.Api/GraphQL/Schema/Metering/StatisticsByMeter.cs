using System.Collections.Concurrent;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>A meter's statistics at one place of the query, where the arguments are the same for all meters.</summary>
internal sealed record StatisticsKey(ISelection Selection, Meter Meter);

/// <summary>Statistics of many meters by one read.</summary>
internal sealed class StatisticsByMeter(IMeteringReader reader, IBatchScheduler scheduler, DataLoaderOptions options)
    : BatchDataLoader<StatisticsKey, StatisticsResult>(scheduler, options)
{
    private readonly ConcurrentDictionary<ISelection, (StatisticsRequest Request, Predicate Filter)> _requests = new(ReferenceEqualityComparer.Instance);

    /// <param name="request">Makes the request of a place, once.</param>
    public Task<StatisticsResult> LoadAsync(StatisticsKey key, Func<(StatisticsRequest, Predicate)> request, CancellationToken ct)
    {
        _requests.GetOrAdd(key.Selection, _ => request());
        return LoadRequiredAsync(key, ct);
    }

    protected override async Task<IReadOnlyDictionary<StatisticsKey, StatisticsResult>> LoadBatchAsync(IReadOnlyList<StatisticsKey> keys, CancellationToken ct)
    {
        var results = new Dictionary<StatisticsKey, StatisticsResult>();
        foreach (var place in keys.GroupBy(k => k.Selection))
        {
            var (request, filter) = _requests[place.Key];
            var ofMeters = Predicate.And(filter, MeterByName.OneOf(Field.Meter, place.Select(k => k.Meter.Name)));
            var rows = (await request.ReadAsync(reader, ofMeters, [Field.Meter, Field.Type], ct)).ToLookup(r => new Meter(r.Group[0].Text!, (MeterType)SampleTypes.Parse(r.Group[1].Text)!, r.Unit));
            foreach (var key in place)
                results.Add(key, request.Result([.. rows[key.Meter]], skip: 2));
        }
        return results;
    }
}
