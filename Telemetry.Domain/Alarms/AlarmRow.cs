using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Alarms;

/// <summary>An alarm as filters see it: the names of its attributes in the API, and <c>meter</c>.</summary>
public readonly record struct AlarmRow(Alarm Alarm) : IRow
{
    /// <summary>What a list can be sorted by, in the order in which errors name it.</summary>
    public static readonly IReadOnlyList<string> SortKeys =
    [
        "alarm_id", "enabled", "name", "type", "severity", "timestamp", "user_id", "project_id", "state", "repeat_actions", "state_timestamp",
    ];

    /// <summary>What a complex query may name.</summary>
    public static readonly IReadOnlyList<string> QueryFields =
    [
        "alarm_id", "type", "enabled", "name", "description", "timestamp", "user_id", "project_id", "state", "state_timestamp", "state_reason", "ok_actions",
        "alarm_actions", "insufficient_data_actions", "repeat_actions", "rule", "time_constraints", "severity", "evaluate_timestamp",
    ];

    public QueryValue this[Field field] => field.Name switch
    {
        "alarm_id" => QueryValue.Of(Alarm.Id),
        "name" => QueryValue.Of(Alarm.Definition.Name),
        "description" => QueryValue.Of(Alarm.Definition.Description),
        "type" => QueryValue.Of(Alarm.Definition.Rule.Type),
        "enabled" => Boolean(Alarm.Definition.Enabled),
        "repeat_actions" => Boolean(Alarm.Definition.RepeatActions),
        "severity" => QueryValue.Of(Alarm.Definition.Severity.Name()),
        "state" => QueryValue.Of(Alarm.State.Name()),
        "state_reason" => QueryValue.Of(Alarm.StateReason),
        "user_id" => QueryValue.Of(Alarm.Definition.UserId),
        "project_id" => QueryValue.Of(Alarm.Definition.ProjectId),
        "timestamp" => Instant(Alarm.ChangedAt),
        "state_timestamp" => Instant(Alarm.StateChangedAt),
        "evaluate_timestamp" => Instant(Alarm.EvaluatedAt),
        "meter" => Alarm.Definition.Rule is ThresholdRule rule ? QueryValue.Of(rule.MeterName) : QueryValue.Null,
        "rule" => QueryValue.Of(PythonJson.Format(Alarm.Definition.Rule.Json())),
        "ok_actions" => Texts(Alarm.Definition.OkActions),
        "alarm_actions" => Texts(Alarm.Definition.AlarmActions),
        "insufficient_data_actions" => Texts(Alarm.Definition.InsufficientDataActions),
        "time_constraints" => Constraints(Alarm.Definition.TimeConstraints),
        _ => QueryValue.Null,
    };

    /// <summary>Compares two alarms by one key: severity by meaning, the rest by value, missing ones first.</summary>
    public static int Compare(Alarm x, Alarm y, string key) => key == "severity"
        ? x.Definition.Severity.CompareTo(y.Definition.Severity)
        : RowValues.Compare(new AlarmRow(x)[new Field(key)], new AlarmRow(y)[new Field(key)]);

    private static QueryValue Boolean(bool? value) => value is { } known ? QueryValue.Of(known) : QueryValue.Null;

    private static QueryValue Texts(IReadOnlyList<string>? texts) => QueryValue.Of(PythonJson.Format(AlarmJson.Text(w => AlarmJson.WriteTexts(w, texts))));

    private static QueryValue Constraints(IReadOnlyList<TimeConstraint>? constraints) =>
        QueryValue.Of(PythonJson.Format(AlarmJson.Text(w => AlarmJson.WriteConstraints(w, constraints))));

    internal static QueryValue Instant(DateTimeOffset at) => QueryValue.Instant(UnixMicroseconds.From(at));
}

/// <summary>A record of history as filters see it.</summary>
public readonly record struct AlarmChangeRow(AlarmChange Change) : IRow
{
    public static readonly IReadOnlyList<string> SortKeys =
        ["event_id", "alarm_id", "on_behalf_of", "project_id", "user_id", "type", "timestamp", "severity"];

    /// <summary>What a complex query may name.</summary>
    public static readonly IReadOnlyList<string> QueryFields =
        ["event_id", "alarm_id", "type", "detail", "user_id", "project_id", "on_behalf_of", "severity", "timestamp"];

    public QueryValue this[Field field] => field.Name switch
    {
        "event_id" => QueryValue.Of(Change.EventId.ToString()),
        "alarm_id" => QueryValue.Of(Change.AlarmId),
        "type" => QueryValue.Of(Change.Type),
        "detail" => QueryValue.Of(Change.Detail),
        "user_id" => QueryValue.Of(Change.UserId),
        "project_id" => QueryValue.Of(Change.ProjectId),
        "on_behalf_of" => QueryValue.Of(Change.OnBehalfOf),
        "severity" => Change.Severity is { } severity ? QueryValue.Of(severity.Name()) : QueryValue.Null,
        "timestamp" => AlarmRow.Instant(Change.At),
        _ => QueryValue.Null,
    };

    /// <summary>Compares two records by one key: severity by meaning, none first; the rest by value.</summary>
    public static int Compare(AlarmChange x, AlarmChange y, string key) => key == "severity"
        ? Comparer<AlarmSeverity?>.Default.Compare(x.Severity, y.Severity)
        : RowValues.Compare(new AlarmChangeRow(x)[new Field(key)], new AlarmChangeRow(y)[new Field(key)]);
}

internal static class RowValues
{
    public static int Compare(QueryValue x, QueryValue y) => (x.Kind, y.Kind) switch
    {
        (ValueKind.Null, ValueKind.Null) => 0,
        (ValueKind.Null, _) => -1,
        (_, ValueKind.Null) => 1,
        (ValueKind.Text, _) => string.CompareOrdinal(x.Text, y.Text),
        _ => x.Integer.CompareTo(y.Integer),
    };
}
