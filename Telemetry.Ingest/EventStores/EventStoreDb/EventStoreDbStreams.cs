using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>The names of our streams on the server; docs/decisions/0007 says what they are for.</summary>
internal sealed class EventStoreDbStreams(string prefix)
{
    /// <summary>The log: every event once, in order.</summary>
    public string Log { get; } = $"{prefix}telemetry-log";

    /// <summary>The names of all streams, in events of type <c>stream</c>.</summary>
    public string Names { get; } = $"{prefix}telemetry-streams";

    /// <summary>The position up to which the streams of links are complete.</summary>
    public string Indexed { get; } = $"{prefix}telemetry-indexed";

    /// <summary>A stream's own events, as links to the log: event number + 1 is the version.</summary>
    public string Of(StreamName stream) => $"{prefix}{stream}";

    /// <summary>What the names of a category's streams begin with.</summary>
    public string OfCategory(string category) => $"{prefix}{category}-";

    /// <summary>The stream that a name is of; null where it is none of ours.</summary>
    public StreamName? Parse(string name) => name.StartsWith(prefix, StringComparison.Ordinal) ? StreamName.Parse(name[prefix.Length..]) : null;

    /// <summary>One link, to the event of an id.</summary>
    public string Of(EventId id) => $"{prefix}telemetryid-{id}";

    /// <summary>A body that is too large for one append.</summary>
    public string Parts(string hash) => $"{prefix}telemetrypart-{hash}";
}
