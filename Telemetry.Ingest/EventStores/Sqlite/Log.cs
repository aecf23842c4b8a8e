using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.EventStores.Sqlite;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Event log {Path} on SQLite {Version}: {Events} events")]
    public static partial void Opened(ILogger logger, string path, string version, long events);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Checkpoint of the event log failed, the write-ahead log keeps growing")]
    public static partial void CheckpointFailed(ILogger logger, Exception cause);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error, Message = "A group of {Appends} appends could not be written")]
    public static partial void WriteFailed(ILogger logger, int appends, Exception cause);
}
