using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Schema.Streams;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema.Metering;

[ExtendObjectType<Sample>]
internal static class SampleFields
{
    /// <summary>What it was measured on.</summary>
    public static Task<Resource> GetResourceAsync([Parent] Sample sample, ResourceById resources, CancellationToken ct) =>
        resources.LoadRequiredAsync(sample.Stored.Series.ResourceId, ct);

    /// <summary>The event in the log that brought it, as its stream has it.</summary>
    public static async Task<StreamEventView> GetProvenanceAsync([Parent] Sample sample, EventInLog events, CancellationToken ct) =>
        await events.LoadRequiredAsync(new LogPlace(sample.Stored.Position, SampleStreams.For(sample.Stored.Series.ProjectId, sample.Stored.Timestamp)), ct);

    [NodeResolver]
    public static async Task<Sample?> FindAsync(string id, [GlobalState] Caller caller, SamplesOfQuery samples, CancellationToken ct)
    {
        // Of several of an id the one that was stored first.
        var found = await samples.LoadRequiredAsync(new(Predicate.And(Predicate.Equal(Field.MessageId, id), caller.Scope().Predicate), [new(Field.RecordedAt, Descending: false)], 1), ct);
        return found is [var first] ? new(first) : null;
    }
}
