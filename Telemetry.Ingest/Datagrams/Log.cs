using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Datagrams;

/// <summary>What the receivers log.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Samples are received over {Protocol} at {Endpoint}")]
    public static partial void Receiving(this ILogger logger, string protocol, string endpoint);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Count} {Protocol} messages were refused; the last one, from {Sender}: {Reason}")]
    public static partial void Refused(this ILogger logger, int count, string protocol, string sender, string reason);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error, Message = "{Count} samples received over {Protocol} could not be stored and are lost")]
    public static partial void Lost(this ILogger logger, Exception exception, int count, string protocol);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The {Protocol} connection of {Sender} was closed: {Reason}")]
    public static partial void Closed(this ILogger logger, string protocol, string sender, string reason);

    [LoggerMessage(EventId = 5, Level = LogLevel.Error, Message = "Receiving over {Protocol} was interrupted and goes on in a second")]
    public static partial void Interrupted(this ILogger logger, Exception exception, string protocol);
}
