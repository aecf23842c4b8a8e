namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>A text is no path.</summary>
internal sealed class PathException(string reason, Exception? cause = null) : Exception(reason, cause);
