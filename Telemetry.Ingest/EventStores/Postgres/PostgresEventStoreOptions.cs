using System.ComponentModel.DataAnnotations;

namespace Telemetry.Ingest.EventStores.Postgres;

/// <summary>Settings of the event log in PostgreSQL, section <c>Telemetry:EventLog</c>.</summary>
internal sealed class PostgresEventStoreOptions : EventLogOptions
{
    /// <summary>
    /// How long an append may wait for the database, be it that it does not answer or that another process holds the log; then it is refused
    /// as busy. 1 to 300 seconds; default 10.
    /// </summary>
    [Range(1, 300)]
    public int TimeoutSeconds { get; set; } = 10;
}
