using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Notifications;

/// <summary>How notifications are read.</summary>
public sealed record NotificationOptions
{
    /// <summary>With which the samples and events that other agents send must be signed.</summary>
    public SigningSecrets Secrets { get; init; } = SigningSecrets.None;

    /// <summary>Whose events keep the whole notification: <c>info</c>, <c>error</c>. Default none.</summary>
    public IReadOnlySet<string> StoreRaw { get; init; } = new HashSet<string>();

    /// <summary>The source of samples that are made of notifications.</summary>
    public string SampleSource { get; init; } = "openstack";

    /// <summary>User metadata whose keys begin with one of these are kept, without the prefix.</summary>
    public IReadOnlyList<string> ReservedNamespaces { get; init; } = ["metering."];

    /// <summary>User metadata with these very keys is kept too.</summary>
    public IReadOnlyList<string> ReservedKeys { get; init; } = [];

    /// <summary>How much of a text value of user metadata is kept, in code points.</summary>
    public int ReservedLength { get; init; } = 256;

    /// <summary>The event types of notifications that carry samples of other agents; also followed by a point and a meter's name.</summary>
    public IReadOnlyList<string> SampleTopics { get; init; } = ["metering"];

    /// <summary>The event types of notifications that carry events of other agents.</summary>
    public IReadOnlyList<string> EventTopics { get; init; } = ["event"];
}
