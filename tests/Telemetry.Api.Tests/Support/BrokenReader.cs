using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Api.Tests.Support;

/// <summary>A reader whose store has gone.</summary>
internal sealed class BrokenReader : IMeteringReader
{
    public ValueTask<IReadOnlyList<Sample>> SamplesAsync(SampleQuery query, CancellationToken ct = default) => throw Gone();
    public ValueTask<Sample?> FindSampleAsync(string id, Predicate filter, CancellationToken ct = default) => throw Gone();
    public ValueTask<IReadOnlyList<MeterRow>> MetersAsync(ListQuery query, CancellationToken ct = default) => throw Gone();
    public ValueTask<IReadOnlyList<MeterRow>> MeterDefinitionsAsync(ListQuery query, CancellationToken ct = default) => throw Gone();
    public ValueTask<IReadOnlyList<ResourceRow>> ResourcesAsync(ListQuery query, CancellationToken ct = default) => throw Gone();
    public ValueTask<IReadOnlyList<StatisticsRow>> StatisticsAsync(StatisticsQuery query, CancellationToken ct = default) => throw Gone();

    private static InvalidOperationException Gone() => new("the secret place of the store");
}
