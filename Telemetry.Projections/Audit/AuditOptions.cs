using System.ComponentModel.DataAnnotations;

namespace Telemetry.Projections.Audit;

/// <summary>Settings of the audit log, section <c>Telemetry:Audit</c>.</summary>
public sealed class AuditOptions
{
    /// <summary>The log's name, the first line of its checkpoints; best a URL without its scheme. Default: <c>telemetry/</c> and the key's id.</summary>
    [RegularExpression(@"[^\s+]*", ErrorMessage = "Telemetry:Audit:Origin has neither spaces nor plus.")]
    public string Origin { get; set; } = "";

    /// <summary>
    /// The private key that signs checkpoints: Ed25519, or ECDSA P-256, in PEM (PKCS #8). Default: <c>audit-key.pem</c> in the data directory, with read models in
    /// PostgreSQL one in its schema <c>audit</c>; made at the first start.
    /// </summary>
    public string KeyFile { get; set; } = "";

    /// <summary>Verifier keys (<c>NAME+ID+KEY</c>) of the witnesses whose cosignatures are taken. Default: none.</summary>
    public IList<string> Witnesses { get; } = [];

    /// <summary>How often a tree that has grown gets a checkpoint. 1 to 86 400 seconds; default 60.</summary>
    [Range(1, 86_400)]
    public int CheckpointIntervalSeconds { get; set; } = 60;
}
