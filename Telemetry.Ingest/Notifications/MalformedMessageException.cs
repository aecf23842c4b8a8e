namespace Telemetry.Ingest.Notifications;

/// <summary>A message cannot be read at all; sending it again would not help.</summary>
public sealed class MalformedMessageException(string reason, Exception? cause = null) : Exception(reason, cause);
