using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Event log in EventStoreDB at {Address}, stream {Stream}, up to position {Head}")]
    public static partial void Opened(ILogger logger, EventStoreDbAddress address, string stream, long head);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "A group of {Appends} appends could not be written")]
    public static partial void WriteFailed(ILogger logger, int appends, Exception cause);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "The server was lost while {Appends} appends were written; they are written again")]
    public static partial void WriteRepeated(ILogger logger, int appends, Exception cause);

    [LoggerMessage(EventId = 4, Level = LogLevel.Error, Message = "EventStoreDB does not answer; appends are refused until it does")]
    public static partial void Unavailable(ILogger logger, Exception cause);

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "EventStoreDB answers again")]
    public static partial void Available(ILogger logger);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "Following the log was interrupted after position {Position}; it goes on there")]
    public static partial void FollowingInterrupted(ILogger logger, long position, Exception cause);

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "The index of the log could not be written; it is tried again")]
    public static partial void IndexingInterrupted(ILogger logger, Exception cause);

    [LoggerMessage(EventId = 8, Level = LogLevel.Warning, Message = "Stream {Stream} was deleted for good in EventStoreDB; its events are in the log alone")]
    public static partial void StreamDeleted(ILogger logger, string stream);

    [LoggerMessage(EventId = 9, Level = LogLevel.Warning, Message = "The user may not set the metadata of stream {Stream}; it will keep more than it needs")]
    public static partial void NotTrimmed(ILogger logger, string stream);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "The server takes appends of {Bytes} bytes at most; larger ones are cut from now on")]
    public static partial void AppendSizeLowered(ILogger logger, int bytes);
}
