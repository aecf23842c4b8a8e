namespace Telemetry.Ingest.Configuration;

/// <summary>A definitions or pipeline file is wrong; the message reads <c>FILE:LINE: REASON</c>.</summary>
public sealed class ConfigurationFileException(string file, long line, string reason, Exception? cause = null)
    : Exception($"{file}:{line}: {reason}", cause)
{
    public string File { get; } = file;

    /// <summary>1-based.</summary>
    public long Line { get; } = line;

    public string Reason { get; } = reason;
}
