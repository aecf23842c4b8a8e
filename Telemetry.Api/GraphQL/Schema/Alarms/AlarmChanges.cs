using System.Text.Json;
using Telemetry.Api.GraphQL.Schema.Streams;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

/// <summary>What happened to an alarm.</summary>
[UnionType("AlarmChange")]
internal interface IAlarmChange;

/// <summary>One event of an alarm, and the alarm after it.</summary>
internal abstract class AlarmChangeView(StreamEvent stored, AlarmEvent happened, Alarm after) : IAlarmChange
{
    [GraphQLIgnore]
    public StreamEvent Stored => stored;

    [GraphQLIgnore]
    public Alarm After => after;

    /// <summary>For which project it was done.</summary>
    [GraphQLIgnore]
    public string? OnBehalfOf => happened.By.OnBehalfOf;

    /// <summary>When it happened.</summary>
    public DateTimeOffset At => happened.At;

    /// <summary>The user who did it; null for the evaluator.</summary>
    public string? By => happened.By.UserId;

    /// <summary>The event in the log.</summary>
    public StreamEventView Provenance => new(stored);

    /// <summary>Null for a change that changed nothing, which history leaves out.</summary>
    public static AlarmChangeView? Of(StreamEvent stored, AlarmEvent happened, Alarm? before, Alarm after) => happened switch
    {
        AlarmEvent.AlarmCreated => new AlarmCreatedView(stored, happened, after),
        AlarmEvent.AlarmChanged when AlarmHistory.Describe(before, after, happened, stored.Id) is null => null,
        AlarmEvent.AlarmChanged => new AlarmRedefinedView(stored, happened, before!, after),
        AlarmEvent.AlarmStateChanged e => new AlarmStateChangedView(stored, e, after),
        _ => new AlarmDeletedView(stored, happened, after),
    };
}

/// <summary>The alarm was created.</summary>
[GraphQLName("AlarmCreated")]
internal sealed class AlarmCreatedView(StreamEvent stored, AlarmEvent happened, Alarm after) : AlarmChangeView(stored, happened, after);

/// <summary>The alarm's definition was changed.</summary>
[GraphQLName("AlarmRedefined")]
internal sealed class AlarmRedefinedView(StreamEvent stored, AlarmEvent happened, Alarm before, Alarm after) : AlarmChangeView(stored, happened, after)
{
    /// <summary>What is different, by the names of the REST API.</summary>
    public IReadOnlyList<FieldChange> Changes
    {
        get
        {
            var old = AlarmJson.Fields(before).ToDictionary();
            return [.. AlarmJson.Fields(After).Where(f => f.Key is not ("timestamp" or "state_timestamp") && old[f.Key] != f.Value)
                .Select(f => new FieldChange(f.Key, JsonElement.Parse(old[f.Key]), JsonElement.Parse(f.Value)))];
        }
    }
}

/// <summary>The alarm's state was found, or set by hand.</summary>
[GraphQLName("AlarmStateChanged")]
internal sealed class AlarmStateChangedView(StreamEvent stored, AlarmEvent.AlarmStateChanged happened, Alarm after) : AlarmChangeView(stored, happened, after)
{
    /// <summary>The state before.</summary>
    public AlarmState From => happened.From;

    /// <summary>The state since then; it may be the same.</summary>
    public AlarmState To => happened.To;

    /// <summary>Why.</summary>
    public string Reason => happened.Reason;
}

/// <summary>The alarm was deleted.</summary>
[GraphQLName("AlarmDeleted")]
internal sealed class AlarmDeletedView(StreamEvent stored, AlarmEvent happened, Alarm after) : AlarmChangeView(stored, happened, after);

/// <summary>One attribute that is different.</summary>
/// <param name="Field">Its name in the REST API.</param>
/// <param name="From">Its value before.</param>
/// <param name="To">Its value since then.</param>
internal sealed record FieldChange(string Field, JsonElement? From, JsonElement? To);
