using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

[QueryType]
internal static class AlarmQueries
{
    private static readonly AlarmSortInput NewestFirst = new() { DefinedAt = SortEnumType.Desc };

    /// <summary>An alarm by one of its ids; null where the caller can see none.</summary>
    /// <param name="by">One of its ids.</param>
    /// <param name="asOf">As it was then; also of an alarm that was deleted since.</param>
    public static async Task<AlarmNode?> GetAlarmAsync(
        AlarmByInput by, [GlobalState] Caller caller, AlarmById alarms, IEventStore log, CancellationToken ct, DateTimeOffset? asOf = null)
    {
        var id = by.AlarmId ?? GlobalIds.KeyOf(by.Id!, "Alarm");
        if (asOf is not { } then)
            return await alarms.LoadAsync(id, ct);
        if (id.Length is 0 or > 256)
            return null;
        Alarm? alarm = null;
        await foreach (var stored in log.ReadStreamAsync(Alarm.StreamOf(id), ct: ct))
        {
            var happened = AlarmEvents.Read(stored.Event);
            if (happened.At > then)
                break;
            alarm = AlarmDecider.Evolve(alarm, happened);
        }
        return alarm is { IsDeleted: false } && caller.AsAlarmCaller().MaySee(alarm) ? new(alarm) : null;
    }

    /// <summary>The alarms of the caller's project, or for admins of all.</summary>
    /// <param name="where">Only those.</param>
    /// <param name="order">Newest definition first, unless another order is asked for.</param>
    /// <param name="allProjects">Every project's; for admins.</param>
    [UsePaging(IncludeTotalCount = true)]
    public static async Task<Connection<AlarmNode>> GetAlarmsAsync(
        PagingArguments page, [GlobalState] Caller caller, IAlarmReader reader, CancellationToken ct,
        AlarmFilterInput? where = null, IReadOnlyList<AlarmSortInput>? order = null, bool allProjects = false)
    {
        // Who may see which projects is REST's to say, with the same conditions.
        List<QueryCondition> asked = allProjects ? [new("all_projects", "eq", "true", null)] : [];
        if (where?.ProjectId?.Eq is { HasValue: true, Value: { } project })
            asked.Add(new("project_id", "eq", project, null));
        var filter = Conditions.All(AlarmFilter.Of(asked, caller), Of(new Conditions(caller.Scope()), where));
        var alarms = await reader.ListAsync(new(filter, []), ct);
        var keys = (order is { Count: > 0 } ? order : [NewestFirst]).SelectMany(KeysOf).ToList();
        return new ListOrder<Alarm>(keys, a => a.Id).Page(alarms, page).Select(a => new AlarmNode(a));
    }

    private static Predicate Of(Conditions conditions, AlarmFilterInput? filter) => filter is null ? Predicate.True : Conditions.Combine(
    [
        conditions.On(new("alarm_id"), filter.AlarmId),
        conditions.On(new("name"), filter.Name),
        conditions.On(new("type"), filter.Type, t => AlarmRules.Types[(int)t]),
        conditions.On(new("meter"), filter.Meter),
        conditions.On(new("state"), filter.State, s => s.Name()),
        conditions.On(new("severity"), filter.Severity, s => AlarmNames.Severities[(int)s]),
        conditions.On(new("enabled"), filter.Enabled, absent: false),
        conditions.On(new("repeat_actions"), filter.RepeatActions, absent: false),
        conditions.On(Field.ProjectId, filter.ProjectId),
        conditions.On(Field.UserId, filter.UserId),
        conditions.On(Field.Timestamp, filter.DefinedAt),
        conditions.On(new("state_timestamp"), filter.StateChangedAt),
    ], filter.And, filter.Or, f => Of(conditions, f));

    private static IEnumerable<ListOrder<Alarm>.Key> KeysOf(AlarmSortInput order)
    {
        foreach (var (direction, name, value) in ((SortEnumType?, string, Func<Alarm, QueryValue>)[])
        [
            (order.Name, "name", a => QueryValue.Of(a.Definition.Name)),
            (order.Type, "type", a => QueryValue.Of(a.Definition.Rule.Type)),
            (order.State, "state", a => QueryValue.Of(a.State.Name())),
            (order.StateChangedAt, "stateChangedAt", a => QueryValue.Instant(UnixMicroseconds.From(a.StateChangedAt))),
            (order.Severity, "severity", a => QueryValue.Of((long)a.Definition.Severity)),
            (order.DefinedAt, "definedAt", a => QueryValue.Instant(UnixMicroseconds.From(a.ChangedAt))),
        ])
        {
            if (direction is { } given)
                yield return new(name, value, given == SortEnumType.Desc);
        }
    }
}
