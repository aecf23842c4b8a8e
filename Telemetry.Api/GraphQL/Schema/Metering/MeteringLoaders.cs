using Telemetry.Api.GraphQL.Execution;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using StoredSample = Telemetry.Domain.Metering.Sample;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>Asks for a meter: null is any type, or any unit.</summary>
internal sealed record MeterKey(string Name, MeterType? Type = null, string? Unit = null);

/// <summary>The meter of a name, of several the one with the newest sample.</summary>
internal sealed class MeterByName(IMeteringReader reader, IBatchScheduler scheduler, DataLoaderOptions options)
    : BatchDataLoader<MeterKey, Meter>(scheduler, options)
{
    private readonly DataLoaderOptions _options = options;

    protected override async Task<IReadOnlyDictionary<MeterKey, Meter>> LoadBatchAsync(IReadOnlyList<MeterKey> keys, CancellationToken ct)
    {
        var scope = _options.Scope();
        var filter = scope.Limit(OneOf(Field.Meter, keys.Select(k => k.Name)));
        var known = (await reader.MeterDefinitionsAsync(new(filter, int.MaxValue), ct)).Select(Meter.Of).ToLookup(m => m.Name);
        var found = keys.Select(k => (Key: k, Meters: known[k.Name].Where(m => Fits(m, k)).ToList())).Where(f => f.Meters.Count > 0).ToList();
        var newest = await NewestAsync(found.Where(f => f.Meters.Count > 1).Select(f => f.Key.Name).Distinct().ToList(), scope.Predicate, ct);
        return found.ToDictionary(f => f.Key, f => f.Meters.MaxBy(m => newest.GetValueOrDefault(m, long.MinValue))!);
    }

    /// <summary>When the newest sample was, of every meter of some names.</summary>
    private async Task<Dictionary<Meter, long>> NewestAsync(List<string> names, Predicate scope, CancellationToken ct)
    {
        if (names is [])
            return [];
        var query = new StatisticsQuery(Predicate.And(scope, OneOf(Field.Meter, names)), TimeRange.Always, null, null, [Field.Meter, Field.Type], []);
        return (await reader.StatisticsAsync(query, ct))
            .ToDictionary(r => new Meter(r.Group[0].Text!, (MeterType)SampleTypes.Parse(r.Group[1].Text)!, r.Unit), r => r.Total.LastAt);
    }

    private static bool Fits(Meter meter, MeterKey key) => (key.Type is null || meter.Type == key.Type) && (key.Unit is null || meter.Unit == key.Unit);

    internal static Predicate OneOf(Field field, IEnumerable<string> values) => values.Distinct().ToList() switch
    {
        [var only] => Predicate.Equal(field, only),
        var several => new Predicate.OneOf(field, [.. several.Select(QueryValue.Of)]),
    };
}

/// <summary>Meters by name, type and unit.</summary>
internal sealed class MeterByKey(IMeteringReader reader, IBatchScheduler scheduler, DataLoaderOptions options) : BatchDataLoader<Meter, Meter>(scheduler, options)
{
    private readonly DataLoaderOptions _options = options;

    protected override async Task<IReadOnlyDictionary<Meter, Meter>> LoadBatchAsync(IReadOnlyList<Meter> keys, CancellationToken ct)
    {
        var filter = _options.Scope().Limit(MeterByName.OneOf(Field.Meter, keys.Select(k => k.Name)));
        return (await reader.MeterDefinitionsAsync(new(filter, int.MaxValue), ct)).Select(Meter.Of).ToDictionary(m => m);
    }
}

/// <summary>Resources by the ids that their services gave them, as the samples that the caller may see show them.</summary>
internal sealed class ResourceById(IMeteringReader reader, IBatchScheduler scheduler, DataLoaderOptions options)
    : BatchDataLoader<string, Resource>(scheduler, options)
{
    private readonly DataLoaderOptions _options = options;

    protected override async Task<IReadOnlyDictionary<string, Resource>> LoadBatchAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        var filter = _options.Scope().Limit(MeterByName.OneOf(Field.ResourceId, keys));
        return (await reader.ResourcesAsync(new(filter, int.MaxValue), ct)).ToDictionary(r => r.ResourceId, r => new Resource(r));
    }
}

/// <summary>The meters of resources, in the order of their first sample.</summary>
internal sealed class MetersOfResource(IMeteringReader reader, IBatchScheduler scheduler, DataLoaderOptions options) : GroupedDataLoader<string, Meter>(scheduler, options)
{
    private readonly DataLoaderOptions _options = options;

    protected override async Task<ILookup<string, Meter>> LoadGroupedBatchAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        var filter = _options.Scope().Limit(MeterByName.OneOf(Field.ResourceId, keys));
        return (await reader.MetersAsync(new(filter, int.MaxValue), ct)).ToLookup(r => r.ResourceId!, Meter.Of);
    }
}

/// <summary>Answers to questions for samples: what the items of a list ask is one read.</summary>
internal sealed class SamplesOfQuery(IMeteringReader reader, IBatchScheduler scheduler, DataLoaderOptions options)
    : BatchDataLoader<SampleQuery, IReadOnlyList<StoredSample>>(scheduler, options)
{
    protected override async Task<IReadOnlyDictionary<SampleQuery, IReadOnlyList<StoredSample>>> LoadBatchAsync(IReadOnlyList<SampleQuery> keys, CancellationToken ct) =>
        keys.Zip(await reader.SamplesOfEachAsync(keys, ct)).ToDictionary(a => a.First, a => a.Second);
}

/// <summary>Answers to questions for resources: what the items of a list ask is one read.</summary>
internal sealed class ResourcesOfQuery(IMeteringReader reader, IBatchScheduler scheduler, DataLoaderOptions options)
    : BatchDataLoader<ListQuery, IReadOnlyList<ResourceRow>>(scheduler, options)
{
    protected override async Task<IReadOnlyDictionary<ListQuery, IReadOnlyList<ResourceRow>>> LoadBatchAsync(IReadOnlyList<ListQuery> keys, CancellationToken ct) =>
        keys.Zip(await reader.ResourcesOfEachAsync(keys, ct)).ToDictionary(a => a.First, a => a.Second);
}
