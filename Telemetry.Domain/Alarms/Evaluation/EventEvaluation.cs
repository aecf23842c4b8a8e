using System.Runtime.CompilerServices;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>A telemetry event as event alarms see it.</summary>
public sealed class TriggeringEvent(TelemetryEvent e)
{
    public string MessageId => e.MessageId;
    public string EventType => e.EventType;

    /// <summary>The project whose alarms it can fire: trait <c>project_id</c> or <c>tenant_id</c>, the later one; empty without.</summary>
    public string ProjectId { get; } = e.Traits.LastOrDefault(t => t.Name is "project_id" or "tenant_id") is { Name: not null } project ? project.Text : "";

    /// <summary>The event as agents send it, a JSON object as text.</summary>
    public string Json => field ??= AlarmJson.Text(json =>
    {
        json.WriteStartObject();
        TelemetryEventJson.WriteProperties(json, e, withEmptyRaw: false);
        json.WriteEndObject();
    });

    /// <summary>The value of a trait, of repeated names the last one; null where there is none.</summary>
    public QueryValue Trait(string name) => e.Traits.LastOrDefault(t => t.Name == name) is { Name: not null } trait ? trait.Value : QueryValue.Null;
}

/// <summary>Rules that telemetry events fire.</summary>
/// <remarks>Source: aodh/evaluator/event.py.</remarks>
public static class EventEvaluation
{
    private const string Traits = "traits.";

    // Every event is held against many rules: their values are converted once.
    private static readonly ConditionalWeakTable<EventRule, Condition[]> Conditions = [];

    /// <param name="Expected">Null where nothing meets the condition.</param>
    private readonly record struct Condition(string Field, Comparison Comparison, QueryValue? Expected);

    /// <summary>What an alarm does about an event; null where it does nothing.</summary>
    /// <remarks>Only alarms of the event's own project are asked. Never leads to another state than alarm.</remarks>
    public static Refresh? Evaluate(Alarm alarm, EventRule rule, TriggeringEvent trigger)
    {
        if (!alarm.IsEnabled || (alarm.Definition.ProjectId ?? "") != trigger.ProjectId || (alarm.State == AlarmState.Alarm && !alarm.Definition.Repeats)
            || !ShellPattern.IsMatch(rule.EventType, trigger.EventType) || !Hold(rule, trigger))
            return null;
        var query = PythonJson.Format(AlarmJson.Text(w => AlarmJson.WriteQuery(w, rule.Query)), sortKeys: true);
        return new(
            AlarmState.Alarm,
            $"Event <id={trigger.MessageId},event_type={trigger.EventType}> hits the query <query={query}>.",
            $$"""{"type": "event", "event": {{trigger.Json}}}""",
            AlwaysRecord: alarm.Definition.Repeats);
    }

    private static bool Hold(EventRule rule, TriggeringEvent trigger)
    {
        foreach (var (field, comparison, expected) in Conditions.GetValue(rule, Compile))
        {
            var actual = field switch
            {
                "event_type" => QueryValue.Of(trigger.EventType),
                "message_id" => QueryValue.Of(trigger.MessageId),
                _ when field.StartsWith(Traits, StringComparison.Ordinal) => trigger.Trait(field[Traits.Length..]),
                _ => QueryValue.Null,
            };
            if (expected is null || actual.Kind == ValueKind.Null || Order(actual, expected.Value) is not { } order || !IsMet(comparison, order))
                return false;
        }
        return true;
    }

    private static Condition[] Compile(EventRule rule) => [.. rule.Query.Select(item => new Condition(
        item.Field, AlarmNames.Comparison(item.Op) ?? Comparison.Equal,
        AlarmNames.Comparison(item.Op) is null ? null : ConditionValue.Convert(item.Value, item.ValueType is { Length: > 0 } type ? type : "string")))];

    private static bool IsMet(Comparison comparison, int order) => comparison switch
    {
        Comparison.Equal => order == 0,
        Comparison.NotEqual => order != 0,
        Comparison.Less => order < 0,
        Comparison.LessOrEqual => order <= 0,
        Comparison.Greater => order > 0,
        _ => order >= 0,
    };

    /// <summary>Null where the values are of kinds that cannot be compared.</summary>
    private static int? Order(QueryValue x, QueryValue y) => (x.Kind, y.Kind) switch
    {
        (ValueKind.Text, ValueKind.Text) => string.CompareOrdinal(x.Text, y.Text),
        (ValueKind.Instant, ValueKind.Instant) => x.Integer.CompareTo(y.Integer),
        (ValueKind.Integer or ValueKind.Float, ValueKind.Integer or ValueKind.Float) => x.Number.CompareTo(y.Number),
        (ValueKind.Integer or ValueKind.Boolean, ValueKind.Integer or ValueKind.Boolean) => x.Integer.CompareTo(y.Integer),
        _ => null,
    };
}

/// <summary>Shell patterns: <c>*</c>, <c>?</c>, <c>[seq]</c>, <c>[!seq]</c>; everything else stands for itself.</summary>
public static class ShellPattern
{
    /// <summary>Takes time in proportion to the product of both lengths at most.</summary>
    public static bool IsMatch(string pattern, string text)
    {
        var (p, t, star, resume) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, resume) = (p++, t);
                continue;
            }
            if (p < pattern.Length && Step(pattern, p, text[t]) is > 0 and var next)
            {
                (p, t) = (next, t + 1);
                continue;
            }
            if (star < 0)
                return false;
            (p, t) = (star + 1, ++resume);
        }
        while (p < pattern.Length && pattern[p] == '*')
            p++;
        return p == pattern.Length;
    }

    /// <summary>Whether it holds none of the signs.</summary>
    public static bool IsLiteral(string pattern) => pattern.AsSpan().IndexOfAny('*', '?', '[') < 0;

    /// <summary>Where the pattern goes on after one character; 0 where it does not match.</summary>
    private static int Step(string pattern, int at, char c)
    {
        if (pattern[at] == '?')
            return at + 1;
        if (pattern[at] != '[')
            return pattern[at] == c ? at + 1 : 0;
        var negated = at + 1 < pattern.Length && pattern[at + 1] == '!';
        var first = at + (negated ? 2 : 1);
        // A bracket that comes first belongs to the set; one without an end stands for itself.
        var end = first + 1 <= pattern.Length ? pattern.IndexOf(']', Math.Min(first + 1, pattern.Length)) : -1;
        if (end < 0)
            return c == '[' ? at + 1 : 0;
        var found = false;
        for (var i = first; i < end; i++)
        {
            if (i + 2 < end && pattern[i + 1] == '-')
            {
                found |= c >= pattern[i] && c <= pattern[i + 2];
                i += 2;
            }
            else
            {
                found |= pattern[i] == c;
            }
        }
        return found != negated ? end + 1 : 0;
    }
}
