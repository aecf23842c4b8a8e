using Telemetry.Api.GraphQL.Execution;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

/// <summary>Alarms that the caller may see, by the ids of the REST API.</summary>
internal sealed class AlarmById(IAlarmReader alarms, IBatchScheduler scheduler, DataLoaderOptions options) : BatchDataLoader<string, AlarmNode>(scheduler, options)
{
    private readonly DataLoaderOptions _options = options;

    protected override async Task<IReadOnlyDictionary<string, AlarmNode>> LoadBatchAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        var filter = _options.Scope().Limit(new Predicate.OneOf(new Field("alarm_id"), [.. keys.Select(QueryValue.Of)]));
        return (await alarms.ListAsync(new(filter, []), ct)).ToDictionary(a => a.Id, a => new AlarmNode(a));
    }
}

/// <summary>What happened to alarms that the caller may see, newest first. An alarm's history is its stream: that is read, once for each alarm.</summary>
internal sealed class HistoryOfAlarm(IEventStore log, IBatchScheduler scheduler, DataLoaderOptions options)
    : GroupedDataLoader<string, AlarmChangeView>(scheduler, options)
{
    private readonly DataLoaderOptions _options = options;

    protected override async Task<ILookup<string, AlarmChangeView>> LoadGroupedBatchAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        var project = _options.Scope().Project;
        var changes = new List<AlarmChangeView>();
        foreach (var key in keys)
        {
            Alarm? alarm = null;
            await foreach (var stored in log.ReadStreamAsync(Alarm.StreamOf(key), ct: ct))
            {
                var happened = AlarmEvents.Read(stored.Event);
                var after = AlarmDecider.Evolve(alarm, happened);
                // As over REST a limited caller sees what was done for its project.
                if (AlarmChangeView.Of(stored, happened, alarm, after) is { } change && (project is null || change.OnBehalfOf == project))
                    changes.Add(change);
                alarm = after;
            }
        }
        changes.Reverse();
        return changes.ToLookup(c => c.After.Id);
    }
}
