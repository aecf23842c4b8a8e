using Microsoft.Extensions.Logging;

namespace Telemetry.Agents.Alarms;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Alarm {AlarmId} could not be evaluated; the next cycle tries again.")]
    public static partial void EvaluationFailed(ILogger logger, string alarmId, Exception cause);

    [LoggerMessage(2, LogLevel.Error, "An evaluation cycle failed; the next one tries again.")]
    public static partial void CycleFailed(ILogger logger, Exception cause);

    [LoggerMessage(3, LogLevel.Warning, "The statistics of meter '{Meter}' could not be read; its alarms have no values in this cycle.")]
    public static partial void StatisticsFailed(ILogger logger, string meter, Exception cause);

    [LoggerMessage(4, LogLevel.Error, "Event {Position} could not be shown to the event alarms.")]
    public static partial void EventFailed(ILogger logger, long position, Exception cause);

    [LoggerMessage(5, LogLevel.Information,
        "Notifying alarm {AlarmName} {AlarmId} of {Severity} priority from {Previous} to {Current} with action {Action} because {Reason}.")]
    public static partial void Notified(
        ILogger logger, string? alarmName, string alarmId, string severity, string previous, string current, string action, string reason);

    [LoggerMessage(6, LogLevel.Information, "Action {Action} of alarm {AlarmId}: {Outcome}, {Detail}")]
    public static partial void ActionDone(ILogger logger, string action, string alarmId, string outcome, string detail);

    [LoggerMessage(7, LogLevel.Error, "A delivery of alarm {AlarmId} could not be recorded.")]
    public static partial void DeliveryNotRecorded(ILogger logger, string alarmId, Exception cause);

    [LoggerMessage(8, LogLevel.Error, "More than {Limit} notifications wait; that of alarm {AlarmId} is dropped.")]
    public static partial void NotificationDropped(ILogger logger, int limit, string alarmId);
}
