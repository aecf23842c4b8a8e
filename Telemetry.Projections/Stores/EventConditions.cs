using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Stores;

/// <summary>What searches for telemetry events make of a filter's conditions, whatever the store.</summary>
internal static class EventConditions
{
    public static readonly Field ProjectId = TelemetryEventFields.Trait(EventBytes.ProjectTrait.Name, EventBytes.ProjectTrait.Type);

    /// <summary>What must hold at the same time.</summary>
    public static IEnumerable<Predicate> Conjunction(Predicate filter) => filter is Predicate.All all ? all.Operands.SelectMany(Conjunction) : [filter];

    /// <summary>The projects (null: none) whose events a filter may select; null where it does not say.</summary>
    public static IReadOnlyList<QueryValue>? Projects(Predicate filter) =>
        Named(filter)?.Where(p => p.Kind is ValueKind.Text or ValueKind.Null).Distinct()
            .Where(p => Conjunction(filter).All(c => Within(c, p) is not Predicate.Constant { Value: not true })).ToList();

    /// <summary>What must hold at the same time of events of some projects, without what holds of all of them.</summary>
    /// <param name="projects">Null for all projects.</param>
    public static IEnumerable<Predicate> Conjunction(Predicate filter, IReadOnlyList<QueryValue>? projects) =>
        Conjunction(filter).Where(c => projects is null || !projects.All(p => Within(c, p) is Predicate.Constant { Value: true }));

    private static Predicate Within(Predicate filter, QueryValue project) => filter.Reduce(field => field == ProjectId ? project : null);

    private static IEnumerable<QueryValue>? Named(Predicate filter) => filter switch
    {
        Predicate.Compare { Operator: Comparison.Equal } c when c.Field == ProjectId => [c.Value],
        Predicate.OneOf o when o.Field == ProjectId => o.Values,
        Predicate.All all => all.Operands.Select(Named).FirstOrDefault(named => named is not null),
        Predicate.Any any when any.Operands.Select(Named).ToList() is var all && all.TrueForAll(named => named is not null) => all.SelectMany(named => named!),
        _ => null,
    };

    /// <summary>Whether only events with values can meet a comparison. A type, unlike a trait, is not equal to a number.</summary>
    public static bool CanFollow(Predicate.Compare comparison) => comparison.Value.Kind != ValueKind.Null
        && (comparison.Field == TelemetryEventFields.EventType ? comparison.Value.Kind == ValueKind.Text : TelemetryEventFields.TraitOf(comparison.Field) is not null);

    public static ValueKind KindOf(TraitType type) => type switch
    {
        TraitType.Text => ValueKind.Text,
        TraitType.Integer => ValueKind.Integer,
        TraitType.Float => ValueKind.Float,
        _ => ValueKind.Instant,
    };

    /// <summary>The trait that a field means; its number is null where no event has it. Null for fields that are no trait.</summary>
    public static (int? Number, TraitType Type)? TraitNumber(Field field, Func<TraitDescription, int?> numberOf) =>
        field == TelemetryEventFields.EventType ? (EventBytes.TypeTrait, TraitType.Text)
        : TelemetryEventFields.TraitOf(field) is var (name, type) ? (numberOf(new(name, type)), type)
        : null;
}
