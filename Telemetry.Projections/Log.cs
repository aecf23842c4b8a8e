using Microsoft.Extensions.Logging;

namespace Telemetry.Projections;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "The read model '{Path}' was made by another version. It is rebuilt from the log.")]
    public static partial void ReadModelOutdated(ILogger logger, string path);

    [LoggerMessage(2, LogLevel.Warning, "The read model '{Path}' is damaged. It is rebuilt from the log.")]
    public static partial void ReadModelDamaged(ILogger logger, string path, Exception cause);

    [LoggerMessage(3, LogLevel.Warning, "The projection '{Name}' was built by version {Found} of its code, this is version {Current}. It is rebuilt from the log.")]
    public static partial void ProjectionOutdated(ILogger logger, string name, int found, int current);

    [LoggerMessage(4, LogLevel.Warning, "The projection '{Name}' is at position {Position}, the log ends at {Head}: it belongs to another log. It is rebuilt.")]
    public static partial void ProjectionAhead(ILogger logger, string name, long position, long head);

    [LoggerMessage(5, LogLevel.Critical, "The projection '{Name}' cannot apply event {Position} and stops. Its answers stay as they are.")]
    public static partial void ProjectionFailed(ILogger logger, string name, long position, Exception cause);

    [LoggerMessage(6, LogLevel.Error, "The projection '{Name}' could not be stored. It goes on and tries again later.")]
    public static partial void FlushFailed(ILogger logger, string name, Exception cause);

    [LoggerMessage(7, LogLevel.Information, "The projection '{Name}' was not stored: {Reason} It goes on from what is stored.")]
    public static partial void ReadModelTaken(ILogger logger, string name, string reason);

    [LoggerMessage(8, LogLevel.Information, "The projection '{Name}' was made anew by another process: it was loaded at position {From}, and brought to {To}.")]
    public static partial void ProjectionReloaded(ILogger logger, string name, long from, long to);

    [LoggerMessage(9, LogLevel.Information, "Leases taken: {Taken}; given away or lost: {Lost}")]
    public static partial void LeasesChanged(ILogger logger, string taken, string lost);

    [LoggerMessage(10, LogLevel.Warning, "The database did not answer about leases. Those held end by themselves.")]
    public static partial void LeasesFailed(ILogger logger, Exception cause);

    [LoggerMessage(11, LogLevel.Warning, "What processes have read is not told between them while the database does not answer. It is tried again.")]
    public static partial void PositionsLost(ILogger logger, Exception cause);
}
