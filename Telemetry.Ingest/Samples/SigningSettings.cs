using Microsoft.Extensions.Options;
using Telemetry.Domain.Audit;

namespace Telemetry.Ingest.Samples;

/// <summary>Settings of message signatures, section <c>Telemetry:Signing</c>.</summary>
public sealed class SigningSettings
{
    public const string Section = "Telemetry:Signing";

    /// <summary>The secrets shared with other agents (their <c>telemetry_secret</c>): the first signs, any of them verifies. Default none: nothing is verified.</summary>
    public IList<string> Secrets { get; } = [];

    /// <summary>The private key, ECDSA P-256 in PEM, by which the publishers <c>notifier://</c> and <c>http://</c> sign samples; empty for none.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>By which id the key is registered at the receiver; empty for the id that it has when it is registered without one.</summary>
    public string KeyId { get; set; } = "";

    /// <summary>The signer of what is published; null where there is no key.</summary>
    /// <exception cref="OptionsValidationException">The file holds no such key, or the id is none.</exception>
    internal BatchSigner? Signer()
    {
        if (KeyFile.Length == 0)
            return null;
        try
        {
            return new(KeyId, P256.Read(File.ReadAllText(KeyFile)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new OptionsValidationException(Section, typeof(SigningSettings), [$"{Section}:KeyFile '{KeyFile}': {e.Message}"]);
        }
    }
}
