using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>What the bus logs.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Messages are consumed from {Bus}")]
    public static partial void BusStarted(this ILogger logger, string bus);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Bus} cannot be used yet; it is connected to when it can")]
    public static partial void BusAway(this ILogger logger, string bus);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "{Bus} is away; it is connected to again in {Seconds} s: {Reason}")]
    public static partial void BusLost(this ILogger logger, string bus, double seconds, string reason);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "{Bus} was not left in order")]
    public static partial void BusNotStopped(this ILogger logger, Exception exception, string bus);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "{Bus} refuses a queue, which is not consumed until it does not: {Reason}")]
    public static partial void QueueRefused(this ILogger logger, string bus, string reason);
}
