namespace Telemetry.Ingest.Notifications;

/// <summary>A message cannot be read at all; sending it again would not help.</summary>
public sealed class MalformedMessageException(string reason, Exception? cause = null) : Exception(reason, cause)
{
    /// <summary>What the message calls itself; null where not even that can be read.</summary>
    public string? EventType { get; internal init; }
}
