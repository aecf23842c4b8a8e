using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Domain.Metering;

/// <summary>A field to sort by.</summary>
public readonly record struct SortKey(Field Field, bool Descending);

/// <summary>Asks for samples.</summary>
/// <param name="Filter">Which; may hold bounds on the timestamp.</param>
/// <param name="OrderBy">Empty: newest timestamp first, equal ones in the order of insertion. Ties of any order fall back to that.</param>
/// <param name="Limit">At least 1.</param>
public sealed record SampleQuery(Predicate Filter, IReadOnlyList<SortKey> OrderBy, int Limit);

/// <summary>Asks for meters or resources.</summary>
/// <param name="Limit">At least 1.</param>
public sealed record ListQuery(Predicate Filter, int Limit);

/// <summary>One meter on one resource, as its latest sample shows it; or a definition alone.</summary>
/// <param name="ResourceId">Null for a definition, as project, user and source then are.</param>
public sealed record MeterRow(
    string Name, SampleType Type, string? Unit, string? ResourceId, string? ProjectId, string? UserId, string? Source);

/// <summary>A resource, as the samples that a query selects show it.</summary>
/// <param name="FirstAt">The earliest selected sample's timestamp, microseconds since 1970.</param>
/// <param name="LastAt">The latest one's.</param>
/// <param name="Metadata">Of the latest selected sample, among equals the one inserted last; owner and source too.</param>
/// <param name="Meters">The names of the meters with selected samples, each once, in the order of their first appearance.</param>
public sealed record ResourceRow(
    string ResourceId, string? ProjectId, string? UserId, string Source, long FirstAt, long LastAt, Metadata Metadata, IReadOnlyList<string> Meters);

/// <summary>Answers questions about samples out of read models.</summary>
/// <remarks>
/// Every answer is a consistent view: a batch is in it whole or not at all. Filters are exact, whatever the reader uses to find
/// rows faster. Nothing here scopes: the caller's scope is part of the filter.
/// </remarks>
public interface IMeteringReader
{
    ValueTask<IReadOnlyList<Sample>> SamplesAsync(SampleQuery query, CancellationToken ct = default);

    /// <summary>Several questions at once, each answered as alone, in their order: what lists ask for all their items.</summary>
    async ValueTask<IReadOnlyList<IReadOnlyList<Sample>>> SamplesOfEachAsync(IReadOnlyList<SampleQuery> queries, CancellationToken ct = default)
    {
        var answers = new List<IReadOnlyList<Sample>>(queries.Count);
        foreach (var query in queries)
            answers.Add(await SamplesAsync(query, ct).ConfigureAwait(false));
        return answers;
    }

    /// <summary>As <see cref="SamplesOfEachAsync"/>.</summary>
    async ValueTask<IReadOnlyList<IReadOnlyList<ResourceRow>>> ResourcesOfEachAsync(IReadOnlyList<ListQuery> queries, CancellationToken ct = default)
    {
        var answers = new List<IReadOnlyList<ResourceRow>>(queries.Count);
        foreach (var query in queries)
            answers.Add(await ResourcesAsync(query, ct).ConfigureAwait(false));
        return answers;
    }

    /// <summary>The sample with an id, null where there is none that the filter selects; of several the one stored first.</summary>
    ValueTask<Sample?> FindSampleAsync(string id, Predicate filter, CancellationToken ct = default);

    /// <summary>One row per meter name, type, unit and resource, judged by and showing the latest sample; in the order of first appearance.</summary>
    ValueTask<IReadOnlyList<MeterRow>> MetersAsync(ListQuery query, CancellationToken ct = default);

    /// <summary>One row per meter name, type and unit of the meters that the filter selects; in the order of first appearance.</summary>
    ValueTask<IReadOnlyList<MeterRow>> MeterDefinitionsAsync(ListQuery query, CancellationToken ct = default);

    /// <summary>One row per resource with at least one selected sample: user, project and last timestamp descending.</summary>
    ValueTask<IReadOnlyList<ResourceRow>> ResourcesAsync(ListQuery query, CancellationToken ct = default);

    /// <summary>
    /// Rows by bucket ascending, within one by group and unit in the order in which their first sample was inserted. No row is empty.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The period is too long for the calendar; only where a sample is selected.</exception>
    /// <exception cref="TooManyRowsException">The period is too short for the time asked for.</exception>
    ValueTask<IReadOnlyList<StatisticsRow>> StatisticsAsync(StatisticsQuery query, CancellationToken ct = default);
}
