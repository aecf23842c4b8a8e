namespace Telemetry.Ingest.Samples;

/// <summary>Settings of message signatures, section <c>Telemetry:Signing</c>.</summary>
public sealed class SigningSettings
{
    public const string Section = "Telemetry:Signing";

    /// <summary>The secrets shared with other agents (their <c>telemetry_secret</c>): the first signs, any of them verifies. Default none: nothing is verified.</summary>
    public IList<string> Secrets { get; } = [];
}
