using System.ComponentModel.DataAnnotations;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Definitions;

namespace Telemetry.Ingest.Notifications;

/// <summary>Settings of what is made of notifications, section <c>Telemetry:Notifications</c>. A list that is not set has its default.</summary>
public sealed class NotificationSettings
{
    public const string Section = "Telemetry:Notifications";

    /// <summary>Files of meter definitions, or folders of them, the first that defines a meter counting; the shipped ones come last.</summary>
    public IList<string> MeterDefinitions { get; } = [];

    /// <summary>The file of event definitions; empty for the shipped one.</summary>
    public string EventDefinitions { get; set; } = "";

    /// <summary>Whether notifications that no event definition is for give no event.</summary>
    public bool DropUnmatched { get; set; }

    /// <summary>The priorities whose events keep the whole notification: <c>info</c>, <c>error</c>. Default none.</summary>
    public IList<string> StoreRaw { get; } = [];

    /// <summary>The source of samples that are made of notifications.</summary>
    [Required, StringLength(255)]
    public string SampleSource { get; set; } = "openstack";

    /// <summary>User metadata whose keys begin with one of these are kept, without the prefix. Default <c>metering.</c>.</summary>
    public IList<string> ReservedMetadataNamespaces { get; } = [];

    /// <summary>User metadata with these very keys is kept too.</summary>
    public IList<string> ReservedMetadataKeys { get; } = [];

    /// <summary>How much of a text value of user metadata is kept, in code points. Default 256.</summary>
    [Range(0, 65_536)]
    public int ReservedMetadataLength { get; set; } = 256;

    /// <summary>The topics by which other agents send finished samples; they go to the store and through no pipeline. Default <c>metering</c>.</summary>
    public IList<string> SampleTopics { get; } = [];

    /// <summary>The topics by which other agents send finished events. Default <c>event</c>.</summary>
    public IList<string> EventTopics { get; } = [];

    internal DefinitionFiles Files => new([.. MeterDefinitions], EventDefinitions.Length == 0 ? null : EventDefinitions, DropUnmatched);

    internal NotificationOptions Options(SigningSecrets secrets)
    {
        var defaults = new NotificationOptions();
        return new()
        {
            Secrets = secrets,
            StoreRaw = StoreRaw.Select(p => p.ToLowerInvariant()).ToHashSet(),
            SampleSource = SampleSource,
            ReservedNamespaces = ReservedMetadataNamespaces is { Count: > 0 } namespaces ? [.. namespaces] : defaults.ReservedNamespaces,
            ReservedKeys = [.. ReservedMetadataKeys],
            ReservedLength = ReservedMetadataLength,
            SampleTopics = SampleTopics is { Count: > 0 } samples ? [.. samples] : defaults.SampleTopics,
            EventTopics = EventTopics is { Count: > 0 } events ? [.. events] : defaults.EventTopics,
        };
    }
}
