using Telemetry.Api.Auth;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>Filters on samples as predicates with the caller's scope.</summary>
internal static class MeteringFilters
{
    public static Predicate Limit(this Scope scope, SampleFilterInput? filter) => scope.Limit(Of(new Conditions(scope), filter));

    public static Predicate Limit(this Scope scope, ResourceFilterInput? filter) => scope.Limit(Of(new Conditions(scope), filter));

    public static Predicate Limit(this Scope scope, MeterFilterInput? filter) => scope.Limit(Of(new Conditions(scope), filter));

    private static Predicate Of(Conditions conditions, SampleFilterInput? filter) => filter is null ? Predicate.True : Conditions.Combine(
    [
        conditions.On(Field.Meter, filter.Meter),
        conditions.On(Field.ResourceId, filter.Resource, nameof(Resource)),
        conditions.On(Field.ProjectId, filter.ProjectId),
        conditions.On(Field.UserId, filter.UserId),
        conditions.On(Field.Source, filter.Source),
        conditions.On(Field.Volume, filter.Volume),
        conditions.On(Field.Timestamp, filter.Timestamp),
        conditions.On(Field.RecordedAt, filter.RecordedAt),
        conditions.OnMetadata(filter.Metadata),
    ], filter.And, filter.Or, f => Of(conditions, f));

    private static Predicate Of(Conditions conditions, ResourceFilterInput? filter) => filter is null ? Predicate.True : Conditions.Combine(
    [
        conditions.On(Field.ResourceId, filter.Id, nameof(Resource)),
        conditions.On(Field.ProjectId, filter.ProjectId),
        conditions.On(Field.UserId, filter.UserId),
        conditions.On(Field.Source, filter.Source),
        conditions.OnMetadata(filter.Metadata),
    ], filter.And, filter.Or, f => Of(conditions, f));

    private static Predicate Of(Conditions conditions, MeterFilterInput? filter) => filter is null ? Predicate.True : Conditions.Combine(
    [
        conditions.On(Field.Meter, filter.Name),
        conditions.On(Field.Unit, filter.Unit),
    ], filter.And, filter.Or, f => Of(conditions, f));
}
