using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.EventStores;

/// <summary>What event stores say, whatever they are built on.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "A subscriber at position {Position} has fallen behind and is served from the store again")]
    public static partial void SubscriberOverrun(ILogger logger, long position);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Reading the event log was interrupted; it is tried again")]
    public static partial void ReadInterrupted(ILogger logger, Exception cause);
}
