using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Stores;

/// <summary>What searches for telemetry events make of a filter's conditions, whatever the store.</summary>
internal static class EventConditions
{
    public static readonly Field ProjectId = TelemetryEventFields.Trait("project_id", TraitType.Text);

    /// <summary>What must hold at the same time.</summary>
    public static IEnumerable<Predicate> Conjunction(Predicate filter) => filter is Predicate.All all ? all.Operands.SelectMany(Conjunction) : [filter];

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
