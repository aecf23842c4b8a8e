using System.Text.Json;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.TelemetryEvents;

/// <summary>What a source reported, such as <c>compute.instance.create.end</c>.</summary>
/// <remarks>Source: the event model of Ceilometer (ceilometer/event/models.py).</remarks>
public sealed record TelemetryEvent
{
    public const int MaxMessageIdLength = 50;
    public const int MaxEventTypeLength = 255;

    /// <summary>How long a project's id may be that has streams of its own, in characters.</summary>
    public const int MaxProjectIdLength = 255;

    private static readonly JsonElement NoRaw = JsonElement.Parse("{}"u8);

    /// <param name="messageId">Unique: the same id twice is one event. 1 to 50 characters.</param>
    /// <param name="eventType">1 to 255 characters.</param>
    /// <param name="generatedAt">When the source made it, microseconds since 1970 (UTC).</param>
    /// <param name="traits">In the order of arrival; a name once for each type.</param>
    /// <exception cref="ArgumentException">An id or type is empty or too long, or a trait is there twice.</exception>
    public TelemetryEvent(string messageId, string eventType, long generatedAt, IReadOnlyList<Trait> traits)
    {
        MessageId = Bounded(messageId, MaxMessageIdLength, "message id");
        EventType = Bounded(eventType, MaxEventTypeLength, "type");
        GeneratedAt = generatedAt;
        Traits = traits;
        if (Repeated(traits) is { } trait)
            throw new ArgumentException($"Trait '{trait.Name}' of type {trait.Type.Name()} is there twice.", nameof(traits));
    }

    public string MessageId { get; }
    public string EventType { get; }
    public long GeneratedAt { get; }
    public IReadOnlyList<Trait> Traits { get; }

    /// <summary>The notification that the event was made of, a JSON object; empty unless it was asked for.</summary>
    /// <exception cref="ArgumentException">It is no object, or a text in it is no valid Unicode.</exception>
    public JsonElement Raw { get; init => field = Checked(value); } = NoRaw;

    public bool HasRaw => Raw.GetPropertyCount() > 0;

    /// <summary>Whose it is: the text of trait <c>project_id</c>, without that of <c>tenant_id</c>; null where neither names a project.</summary>
    public string? ProjectId => Text("project_id") ?? Text("tenant_id");

    /// <summary>The value of a trait; <see cref="QueryValue.Null"/> where the event has none of this name and type.</summary>
    public QueryValue this[string name, TraitType type]
    {
        get
        {
            foreach (var trait in Traits)
            {
                if (trait.Type == type && trait.Name == name)
                    return trait.Value;
            }
            return QueryValue.Null;
        }
    }

    private static Trait? Repeated(IReadOnlyList<Trait> traits)
    {
        if (traits.Count > 32) // few are compared sooner than hashed
        {
            var seen = new HashSet<(string, TraitType)>(traits.Count);
            foreach (var trait in traits)
            {
                if (!seen.Add((trait.Name, trait.Type)))
                    return trait;
            }
            return null;
        }
        for (var i = 1; i < traits.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (traits[i].Type == traits[j].Type && traits[i].Name == traits[j].Name)
                    return traits[i];
            }
        }
        return null;
    }

    private string? Text(string name) => this[name, TraitType.Text].Text is { Length: > 0 and <= MaxProjectIdLength } text ? text : null;

    private static JsonElement Checked(JsonElement raw)
    {
        if (raw.ValueKind != JsonValueKind.Object)
            throw new ArgumentException($"A telemetry event's raw is a JSON object, not {raw.ValueKind}.");
        try
        {
            JsonText.Demand(raw);
            return raw;
        }
        catch (InvalidOperationException e)
        {
            throw new ArgumentException("A telemetry event's raw has a text that is no valid Unicode.", e);
        }
    }

    private static string Bounded(string? text, int length, string what) => text is { Length: > 0 } && text.Length <= length
        ? text
        : throw new ArgumentException($"A telemetry event's {what} has 1 to {length} characters, not {text?.Length ?? 0}: '{text}'.");
}
