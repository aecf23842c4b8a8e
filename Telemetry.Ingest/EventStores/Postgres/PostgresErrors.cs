using Npgsql;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Postgres;

/// <summary>What PostgreSQL's errors mean for the log. Codes: PostgreSQL 15, appendix A.</summary>
internal static class PostgresErrors
{
    private const string IdleInTransactionSessionTimeout = "25P03";

    /// <summary>The server or the way to it is gone, or it takes nobody in; another connection may work later.</summary>
    public static bool IsLost(Exception e) => e switch
    {
        PostgresException p => p.SqlState is
            PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.TooManyConnections or IdleInTransactionSessionTimeout or PostgresErrorCodes.ReadOnlySqlTransaction
            || p.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException or TimeoutException or IOException => true, // it never came to an answer
        _ => false,
    };

    /// <summary>Our exception for theirs; the same one where there is none.</summary>
    public static Exception Translate(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => new EventStoreFullException("There is no space left for the event log on the database server.", e),
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } => new EventStoreBusyException("Another process holds the event log for too long.", e),
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.ConfigurationLimitExceeded } p =>
            new EventStoreBusyException($"The database of the event log refused for now: {p.MessageText}.", e),
        _ when IsLost(e) => new EventStoreBusyException("The database of the event log does not answer.", e),
        _ => e,
    };
}
