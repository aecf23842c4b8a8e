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

/// <summary>What happened to alarms that the caller may see, newest first. An alarm's history is its stream: those of all alarms are read together.</summary>
internal sealed class HistoryOfAlarm(IEventStore log, IBatchScheduler scheduler, DataLoaderOptions options)
    : GroupedDataLoader<string, AlarmChangeView>(scheduler, options)
{
    private readonly DataLoaderOptions _options = options;

    protected override async Task<ILookup<string, AlarmChangeView>> LoadGroupedBatchAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        var project = _options.Scope().Project;
        var changes = new List<AlarmChangeView>();
        Alarm? alarm = null;
        await foreach (var stored in log.ReadStreamsAsync([.. keys.Select(Alarm.StreamOf)], ct))
        {
            var before = stored.Version == 1 ? null : alarm;
            var happened = AlarmEvents.Read(stored.Event);
            alarm = AlarmDecider.Evolve(before, happened);
            // As over REST a limited caller sees what was done for its project.
            if (AlarmChangeView.Of(stored, happened, before, alarm) is { } change && (project is null || change.OnBehalfOf == project))
                changes.Add(change);
        }
        changes.Reverse();
        return changes.ToLookup(c => c.After.Id);
    }
}
