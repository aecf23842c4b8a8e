using System.Globalization;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Definitions.Paths;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Events;

/// <summary>The body of our own <c>POST /v2/events</c>: a list of <c>{message_id, event_type, generated, traits: [{name, type, value}], raw}</c>.</summary>
/// <remarks>What Ceilometer's publishers post is another form: <see cref="PublishedBody"/>.</remarks>
public static class PostedEvents
{
    private const int MaxShown = 200;
    private static readonly string[] EventKeys = ["message_id", "event_type", "generated", "traits", "raw"];
    private static readonly string[] TraitKeys = ["name", "type", "value"];

    /// <exception cref="EventFaultException">The first fault, with its place.</exception>
    public static IReadOnlyList<TelemetryEvent> Read(ReadOnlyMemory<byte> body, EventLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        try
        {
            using var document = JsonDocument.Parse(body);
            var list = document.RootElement;
            if (list.ValueKind != JsonValueKind.Array)
                throw Fault("events", list, "It is a list of telemetry events.");
            if (list.GetArrayLength() > limits.MaxEvents)
                throw new EventFaultException("events", null, $"The body has {list.GetArrayLength()} telemetry events; at most {limits.MaxEvents} are taken.", tooMuch: true);
            JsonText.Demand(list);
            return [.. list.EnumerateArray().Select((e, i) => ReadEvent(e, $"events[{i}]", limits))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new EventFaultException("events", null, "Request is not in valid JSON format");
        }
    }

    private static TelemetryEvent ReadEvent(JsonElement e, string path, EventLimits limits)
    {
        DemandObject(e, path, "a telemetry event", EventKeys);
        var id = Text(e, path, "message_id", TelemetryEvent.MaxMessageIdLength);
        var type = Text(e, path, "event_type", TelemetryEvent.MaxEventTypeLength);
        var generated = Find(e, "generated") is not { } time ? throw Missing($"{path}.generated")
            : time.ValueKind == JsonValueKind.String && SampleFields.Instant(time.GetString()!) is { } at ? at
            : throw Fault($"{path}.generated", time, "It is a time in ISO 8601.");
        var read = new TelemetryEvent(id, type, generated, ReadTraits(Find(e, "traits"), $"{path}.traits"));
        return Find(e, "raw") is { } raw ? read with { Raw = ReadRaw(raw, $"{path}.raw", limits) } : read;
    }

    private static JsonElement ReadRaw(JsonElement raw, string path, EventLimits limits)
    {
        if (raw.ValueKind != JsonValueKind.Object)
            throw Fault(path, raw, "It is a JSON object.");
        return raw.GetRawText().Length <= limits.MaxRawBytes ? raw.Clone() : throw Fault(path, raw, $"It has more than {limits.MaxRawBytes} bytes.");
    }

    private static List<Trait> ReadTraits(JsonElement? traits, string path)
    {
        if (traits is not { } list)
            return [];
        if (list.ValueKind != JsonValueKind.Array)
            throw Fault(path, list, "It is a list of traits.");
        if (list.GetArrayLength() > EventMessage.MaxTraits)
            throw Fault(path, list, $"It has {list.GetArrayLength()} traits; at most {EventMessage.MaxTraits} are kept.");
        var read = new List<Trait>(list.GetArrayLength());
        var seen = new HashSet<(string, TraitType)>();
        foreach (var item in list.EnumerateArray())
        {
            var at = $"{path}[{read.Count}]";
            DemandObject(item, at, "a trait", TraitKeys);
            var name = Text(item, at, "name", Trait.MaxLength);
            var type = Find(item, "type") is not { } given ? throw Missing($"{at}.type")
                : given.ValueKind == JsonValueKind.String && TraitTypes.Parse(given.GetString()) is { } known ? known
                : throw Fault($"{at}.type", given, "It is string, integer, float or datetime.");
            var value = Find(item, "value") is { } v ? v : throw Missing($"{at}.value");
            if (!seen.Add((name, type)))
                throw new EventFaultException($"{at}.name", name, $"A trait of this name and of type {type.Name()} is there already.");
            read.Add(new(name, Convert(value, type) ?? throw Fault($"{at}.value", value, $"It is no {type.Name()}.")));
        }
        return read;
    }

    /// <summary>A value that is of the type, or a text that says one; null where it is neither.</summary>
    private static QueryValue? Convert(JsonElement value, TraitType type)
    {
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False))
            return null;
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : null;
        return type switch
        {
            TraitType.Text => QueryValue.Of(PythonText.Of(value)),
            TraitType.Integer when text is not null => long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? QueryValue.Of(whole) : null,
            TraitType.Integer => value.ValueKind == JsonValueKind.Number && JsonValues.IsInteger(value, out var whole) ? QueryValue.Of(whole) : null,
            TraitType.Float when text is not null => double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? QueryValue.Of(real) : null,
            TraitType.Float => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var real) && double.IsFinite(real) ? QueryValue.Of(real) : null,
            _ => text is not null && SampleFields.Instant(text) is { } at ? QueryValue.Instant(at) : null,
        };
    }

    private static string Text(JsonElement item, string path, string field, int maxLength)
    {
        if (Find(item, field) is not { } value)
            throw Missing($"{path}.{field}");
        return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text && text.Length <= maxLength
            ? text
            : throw Fault($"{path}.{field}", value, $"It is a text of 1 to {maxLength} characters.");
    }

    private static void DemandObject(JsonElement item, string path, string what, string[] keys)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw Fault(path, item, $"It is {what}, a JSON object.");
        foreach (var property in item.EnumerateObject())
        {
            if (!keys.Contains(property.Name))
                throw Fault($"{path}.{property.Name}", property.Value, $"There is no such attribute; there are {string.Join(", ", keys)}.");
        }
    }

    /// <summary>Null where it is absent or a JSON null.</summary>
    private static JsonElement? Find(JsonElement item, string field) =>
        item.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static EventFaultException Missing(string path) => new(path, null, "Mandatory field missing.");

    private static EventFaultException Fault(string path, JsonElement value, string reason)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return new(path, text.Length > MaxShown ? $"{text.AsSpan(0, MaxShown)}…" : text, reason);
    }
}
