using System.ComponentModel.DataAnnotations;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>Settings of the event log in EventStoreDB, section <c>Telemetry:EventLog</c>.</summary>
internal sealed class EventStoreDbOptions : EventLogOptions
{
    /// <summary>How long an append may wait for the server; then it is refused as busy. 1 to 300 seconds; default 10.</summary>
    [Range(1, 300)]
    public int TimeoutSeconds { get; set; } = 10;

    /// <summary>What the names of all our streams there begin with, where several logs share a server. Letters, digits and dots; default none.</summary>
    [RegularExpression("[A-Za-z0-9.]*")]
    public string Prefix { get; set; } = "";
}
