using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.EventStores.Postgres;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Event log in PostgreSQL {Version}, database {Database} at {Host}, up to position {Head}")]
    public static partial void Opened(ILogger logger, string version, string? database, string? host, long head);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Migration {Name} of the database was run")]
    public static partial void Migrated(ILogger logger, string name);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "The server runs with fsync = off: what it acknowledges can be lost in a power cut")]
    public static partial void NotDurable(ILogger logger);

    [LoggerMessage(EventId = 4, Level = LogLevel.Error, Message = "A group of {Appends} appends could not be written")]
    public static partial void WriteFailed(ILogger logger, int appends, Exception cause);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "The connection was lost while {Appends} appends were written; they are written again")]
    public static partial void WriteRepeated(ILogger logger, int appends, Exception cause);

    [LoggerMessage(EventId = 6, Level = LogLevel.Error, Message = "The database does not answer; appends are refused until it does")]
    public static partial void Unavailable(ILogger logger, Exception cause);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "The database answers again")]
    public static partial void Available(ILogger logger);

    [LoggerMessage(EventId = 8, Level = LogLevel.Warning, Message = "Following the log was interrupted; it is tried again")]
    public static partial void FollowingInterrupted(ILogger logger, Exception cause);
}
