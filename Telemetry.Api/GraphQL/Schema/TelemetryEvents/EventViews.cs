using System.Text.Json;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.GraphQL.Schema.TelemetryEvents;

/// <summary>What a source reported, such as `compute.instance.create.end`.</summary>
/// <param name="row">As the reader gives it.</param>
[Node(IdField = nameof(Key))]
[GraphQLName("Event")]
internal sealed class EventView(TelemetryEventRow row)
{
    [GraphQLIgnore]
    public TelemetryEventRow Row => row;

    /// <summary>Opaque, of this event alone.</summary>
    public string Key => row.Event.MessageId;

    /// <summary>The id that its source gave it.</summary>
    public string MessageId => row.Event.MessageId;

    /// <summary>What happened.</summary>
    public string Type => row.Event.EventType;

    /// <summary>When its source made it.</summary>
    public DateTimeOffset GeneratedAt => UnixMicroseconds.ToDateTimeOffset(row.Event.GeneratedAt);

    /// <summary>Its typed attributes, as they came.</summary>
    public IReadOnlyList<TraitView> Traits => [.. row.Event.Traits.Select(TraitView.Of)];

    /// <summary>The notification that it was made of; null where that was not kept.</summary>
    public JsonElement? Raw => row.Event.HasRaw ? row.Event.Raw : null;
}

/// <summary>The type of a trait's value.</summary>
[GraphQLName("TraitType")]
internal enum TraitKind
{
    /// <summary>A text.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Float,

    /// <summary>An instant.</summary>
    [GraphQLName("DATETIME")]
    DateTime,
}

/// <summary>A typed attribute of an event.</summary>
/// <param name="Name">Unique within its type.</param>
[InterfaceType("Trait")]
internal abstract record TraitView(string Name)
{
    public static TraitView Of(Trait trait) => trait.Type switch
    {
        TraitType.Integer => new IntegerTrait(trait.Name, trait.Value.Integer),
        TraitType.Float => new FloatTrait(trait.Name, trait.Value.Number),
        TraitType.Datetime => new DateTimeTrait(trait.Name, UnixMicroseconds.ToDateTimeOffset(trait.Value.Integer)),
        _ => new StringTrait(trait.Name, trait.Value.Text!),
    };
}

/// <summary>A trait that is a text.</summary>
/// <param name="String">The value.</param>
internal sealed record StringTrait(string Name, string String) : TraitView(Name);

/// <summary>A trait that is a whole number.</summary>
/// <param name="Integer">The value.</param>
internal sealed record IntegerTrait(string Name, long Integer) : TraitView(Name);

/// <summary>A trait that is a number.</summary>
/// <param name="Float">The value.</param>
internal sealed record FloatTrait(string Name, double Float) : TraitView(Name);

/// <summary>A trait that is an instant.</summary>
/// <param name="DateTime">The value.</param>
internal sealed record DateTimeTrait(string Name, DateTimeOffset DateTime) : TraitView(Name);

/// <summary>A kind of event.</summary>
/// <param name="Name">Such as `compute.instance.create.end`.</param>
internal sealed record EventType(string Name);

/// <summary>A trait that events of a type have.</summary>
/// <param name="Name">The trait's name.</param>
/// <param name="Type">The type of its value.</param>
[GraphQLName("TraitDescription")]
internal sealed record TraitDescriptionView(string Name, TraitKind Type);
