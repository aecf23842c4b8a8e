using Telemetry.Domain.Queries;

namespace Telemetry.Domain.TelemetryEvents;

/// <summary>A place in the order of telemetry events: by when they were generated, among equals by arrival.</summary>
/// <param name="GeneratedAt">Microseconds since 1970.</param>
/// <param name="Number">Ascending in the order of the log; a rebuild gives the same.</param>
public readonly record struct TelemetryEventPlace(long GeneratedAt, long Number) : IComparable<TelemetryEventPlace>
{
    public int CompareTo(TelemetryEventPlace other) =>
        GeneratedAt != other.GeneratedAt ? GeneratedAt.CompareTo(other.GeneratedAt) : Number.CompareTo(other.Number);

    public static bool operator <(TelemetryEventPlace left, TelemetryEventPlace right) => left.CompareTo(right) < 0;
    public static bool operator >(TelemetryEventPlace left, TelemetryEventPlace right) => left.CompareTo(right) > 0;
    public static bool operator <=(TelemetryEventPlace left, TelemetryEventPlace right) => left.CompareTo(right) <= 0;
    public static bool operator >=(TelemetryEventPlace left, TelemetryEventPlace right) => left.CompareTo(right) >= 0;
}

/// <summary>A telemetry event as readers give it, and as filters see it.</summary>
/// <param name="Position">The place in the log of the event that brought it.</param>
public sealed record TelemetryEventRow(TelemetryEvent Event, TelemetryEventPlace Place, long Position) : IRow
{
    public QueryValue this[Field field] => field switch
    {
        _ when field == TelemetryEventFields.MessageId => QueryValue.Of(Event.MessageId),
        _ when field == TelemetryEventFields.EventType => QueryValue.Of(Event.EventType),
        _ when field == TelemetryEventFields.GeneratedAt => QueryValue.Instant(Event.GeneratedAt),
        _ when field == TelemetryEventFields.Traits => QueryValue.Of([.. Event.Traits.Select(t => new TraitRow(t))]),
        _ when TelemetryEventFields.TraitOf(field) is var (name, type) => Event[name, type],
        _ => QueryValue.Null,
    };
}

/// <summary>One trait as filters on all traits see it: its name, and its value in the field of its type.</summary>
public sealed record TraitRow(Trait Trait) : IRow
{
    public static readonly Field NameField = new("name");

    public static Field ValueField(TraitType type) => new(type.Name());

    public QueryValue this[Field field] => field == NameField ? QueryValue.Of(Trait.Name) : field == ValueField(Trait.Type) ? Trait.Value : QueryValue.Null;
}

/// <summary>The fields of telemetry events that filters know.</summary>
public static class TelemetryEventFields
{
    private const string TraitPrefix = "trait.";

    public static readonly Field MessageId = Field.MessageId;
    public static readonly Field EventType = new("event_type");

    /// <summary>All traits: a list of <see cref="TraitRow"/>.</summary>
    public static readonly Field Traits = new("traits");

    /// <summary>An instant.</summary>
    public static readonly Field GeneratedAt = new("generated");

    private static readonly string[] TraitNames = [.. Enum.GetValues<TraitType>().Select(t => TraitPrefix + t.Name())];

    /// <summary>
    /// A trait of one name and type. Compared with a value of another kind, or in an event that has no such trait, it is unknown, for
    /// <see cref="Comparison.NotEqual"/> too; equal to <see cref="QueryValue.Null"/> means that the event has no such trait.
    /// </summary>
    public static Field Trait(string name, TraitType type) => new(TraitNames[(int)type - 1], name);

    /// <summary>The trait that a field means, null where it means none.</summary>
    public static (string Name, TraitType Type)? TraitOf(Field field) =>
        field.Path is { } name && Array.IndexOf(TraitNames, field.Name) is >= 0 and var type ? (name, (TraitType)(type + 1)) : null;
}
