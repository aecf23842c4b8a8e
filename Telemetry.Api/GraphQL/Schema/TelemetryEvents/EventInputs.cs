using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.GraphQL.Schema.TelemetryEvents;

/// <summary>Which events; all conditions that are given hold.</summary>
internal sealed record EventFilterInput
{
    /// <summary>All of these hold.</summary>
    public IReadOnlyList<EventFilterInput>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<EventFilterInput>? Or { get; init; }

    /// <summary>What happened.</summary>
    public StringOperationFilterInput? Type { get; init; }

    /// <summary>When its source made it.</summary>
    public DateTimeOperationFilterInput? GeneratedAt { get; init; }

    /// <summary>Its traits.</summary>
    public ListFilterInput<TraitFilterInput>? Traits { get; init; }
}

/// <summary>A condition on one trait.</summary>
internal sealed record TraitFilterInput
{
    /// <summary>All of these hold.</summary>
    public IReadOnlyList<TraitFilterInput>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<TraitFilterInput>? Or { get; init; }

    /// <summary>The name, by `eq`.</summary>
    public StringOperationFilterInput? Name { get; init; }

    /// <summary>It is a text that is so.</summary>
    public StringOperationFilterInput? String { get; init; }

    /// <summary>It is a whole number that is so.</summary>
    public LongOperationFilterInput? Integer { get; init; }

    /// <summary>It is a number that is so.</summary>
    public FloatOperationFilterInput? Float { get; init; }

    /// <summary>It is an instant that is so.</summary>
    public DateTimeOperationFilterInput? DateTime { get; init; }
}

/// <summary>How events are sorted.</summary>
internal sealed record EventSortInput
{
    /// <summary>By when their sources made them.</summary>
    public SortEnumType? GeneratedAt { get; init; }
}

/// <summary>Filters on events as predicates.</summary>
internal static class EventConditions
{
    public static Predicate Of(Conditions conditions, EventFilterInput? filter) => filter is null ? Predicate.True : Conditions.Combine(
    [
        conditions.On(TelemetryEventFields.EventType, filter.Type),
        conditions.On(TelemetryEventFields.GeneratedAt, filter.GeneratedAt),
        OnTraits(conditions, filter.Traits),
    ], filter.And, filter.Or, f => Of(conditions, f));

    private static Predicate OnTraits(Conditions conditions, ListFilterInput<TraitFilterInput>? filter) => Conditions.OnList(
        filter, TelemetryEventFields.Traits, f => Conditions.Named(f.Name) is { } name && f is { And: null, Or: null } ? OnNamed(conditions, name, f) : null, f => OnTrait(conditions, f));

    private static Predicate OnTrait(Conditions conditions, TraitFilterInput filter) => Conditions.Combine(
        [conditions.On(TraitRow.NameField, filter.Name), .. Values(conditions, filter, TraitRow.ValueField).Select(v => v.Condition)],
        filter.And, filter.Or, f => OnTrait(conditions, f));

    private static Predicate OnNamed(Conditions conditions, string name, TraitFilterInput filter)
    {
        var given = Values(conditions, filter, Field).ToList();
        return given.Count > 0
            ? Conditions.All(given.SelectMany(v => (Predicate[])[v.Condition, IsThere(v.Type)]))
            : new Predicate.Any([.. Enum.GetValues<TraitType>().Select(IsThere)]);

        Field Field(TraitType type) => TelemetryEventFields.Trait(name, type);

        Predicate IsThere(TraitType type) => new Predicate.Compare(Field(type), Comparison.NotEqual, QueryValue.Null);
    }

    /// <summary>The conditions on a trait's value, type by type.</summary>
    private static IEnumerable<(TraitType Type, Predicate Condition)> Values(Conditions conditions, TraitFilterInput filter, Func<TraitType, Field> field)
    {
        if (filter.String is { } text)
            yield return (TraitType.Text, conditions.On(field(TraitType.Text), text));
        if (filter.Integer is { } integer)
            yield return (TraitType.Integer, conditions.On(field(TraitType.Integer), integer));
        if (filter.Float is { } number)
            yield return (TraitType.Float, conditions.On(field(TraitType.Float), number));
        if (filter.DateTime is { } at)
            yield return (TraitType.Datetime, conditions.On(field(TraitType.Datetime), at));
    }
}
