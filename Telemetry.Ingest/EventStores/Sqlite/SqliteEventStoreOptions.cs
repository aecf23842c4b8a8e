using System.ComponentModel.DataAnnotations;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>Settings of the event log in SQLite, section <c>Telemetry:EventLog</c>.</summary>
internal sealed class SqliteEventStoreOptions : EventLogOptions
{
    /// <summary>How large the file may become, in bytes; appends beyond are refused as on a full disk. Default 0: as large as the disk allows.</summary>
    [Range(0, long.MaxValue)]
    public long MaxBytes { get; set; }
}
