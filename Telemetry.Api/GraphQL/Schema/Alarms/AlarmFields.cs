using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Schema.Metering;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

[ExtendObjectType<AlarmNode>]
internal static class AlarmFields
{
    /// <summary>What happened to it, newest first.</summary>
    /// <param name="where">Only those changes.</param>
    [UsePaging(ConnectionName = "AlarmHistory")]
    public static async Task<Connection<IAlarmChange>> GetHistoryAsync(
        [Parent] AlarmNode alarm, PagingArguments page, [GlobalState] Caller caller, HistoryOfAlarm history, CancellationToken ct, AlarmChangeFilterInput? where = null)
    {
        var filter = new Conditions(caller.Scope()).On(Field.Timestamp, where?.At);
        var changes = (await history.LoadAsync(alarm.AlarmId, ct) ?? []).Where(c => filter.Selects(new ChangeRow(c)));
        return new ListOrder<AlarmChangeView>([new("version", c => QueryValue.Of(c.Stored.Version), Descending: true)], _ => "").Page(changes, page).Select(c => (IAlarmChange)c);
    }

    [NodeResolver]
    public static Task<AlarmNode?> FindAsync(string id, AlarmById alarms, CancellationToken ct) => alarms.LoadAsync(id, ct);

    private readonly record struct ChangeRow(AlarmChangeView Change) : IRow
    {
        public QueryValue this[Field field] => QueryValue.Instant(UnixMicroseconds.From(Change.At));
    }
}

[ExtendObjectType<ThresholdRuleView>]
internal static class ThresholdRuleFields
{
    /// <summary>The meter; of several of its name the one with the newest sample. Null where the caller sees none.</summary>
    public static Task<Meter?> GetMeterAsync([Parent] ThresholdRuleView rule, MeterByName meters, CancellationToken ct) =>
        meters.LoadAsync(new MeterKey(rule.MeterName), ct);
}

[ExtendObjectType<CombinationRuleView>]
internal static class CombinationRuleFields
{
    /// <summary>The alarms; null in the place of one that is gone, or not for this caller.</summary>
    public static async Task<IReadOnlyList<AlarmNode?>> GetAlarmsAsync([Parent] CombinationRuleView rule, AlarmById alarms, CancellationToken ct) =>
        await alarms.LoadAsync(rule.AlarmIds, ct);
}

[ExtendObjectType<AlarmStateChangedView>]
internal static class AlarmStateChangedFields
{
    /// <summary>The alarm as it is; of one that is gone, as it was.</summary>
    public static async Task<AlarmNode> GetAlarmAsync([Parent] AlarmStateChangedView change, AlarmById alarms, CancellationToken ct) =>
        await alarms.LoadAsync(change.After.Id, ct) ?? new(change.After);
}
