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

    private static Predicate OnTraits(Conditions conditions, ListFilterInput<TraitFilterInput>? filter)
    {
        if (filter is null)
            return Predicate.True;
        if (filter.All is not null || filter.Any is not null)
            throw Refused.BadInput("Of \"traits\" only \"some\" and \"none\" are offered: traits are looked up, not counted.");
        return Conditions.All(
        [
            .. filter.Some is { } some ? [OnTrait(conditions, some)] : (Predicate[])[],
            .. filter.None is { } none ? [Conditions.Unless(OnTrait(conditions, none))] : (Predicate[])[],
        ]);
    }

    private static Predicate OnTrait(Conditions conditions, TraitFilterInput filter)
    {
        if (filter is { Name: null, String: null, Integer: null, Float: null, DateTime: null } && (filter.And is not null || filter.Or is not null))
            return Conditions.Combine([], filter.And, filter.Or, f => OnTrait(conditions, f));
        if (filter.And is not null || filter.Or is not null || filter.Name is not { Eq: { HasValue: true, Value: { Length: > 0 } name } })
            throw Refused.BadInput("A condition on traits names one, as {name: {eq: \"state\"}, string: {eq: \"active\"}}; \"and\" and \"or\" stand around such conditions.");
        List<(TraitType Type, Predicate? Condition)> kinds =
        [
            (TraitType.Text, filter.String is { } text ? conditions.On(Field(TraitType.Text), text) : null),
            (TraitType.Integer, filter.Integer is { } integer ? conditions.On(Field(TraitType.Integer), integer) : null),
            (TraitType.Float, filter.Float is { } number ? conditions.On(Field(TraitType.Float), number) : null),
            (TraitType.Datetime, filter.DateTime is { } at ? conditions.On(Field(TraitType.Datetime), at) : null),
        ];
        var given = kinds.Where(k => k.Condition is not null).ToList();
        return given.Count > 0
            ? Conditions.All(given.SelectMany(k => (Predicate[])[k.Condition!, IsThere(k.Type)]))
            : new Predicate.Any([.. kinds.Select(k => IsThere(k.Type))]);

        Field Field(TraitType type) => TelemetryEventFields.Trait(name, type);

        Predicate IsThere(TraitType type) => new Predicate.Compare(Field(type), Comparison.NotEqual, QueryValue.Null);
    }
}
