using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>What meters are measured on: a server, a volume, a network.</summary>
/// <param name="row">As the selected samples show it.</param>
[Node(IdField = nameof(Key))]
internal sealed class Resource(ResourceRow row)
{
    /// <summary>Opaque, of this resource alone.</summary>
    public string Key => row.ResourceId;

    /// <summary>The id that its service gave it.</summary>
    public string ExternalId => row.ResourceId;

    /// <summary>What reported the latest sample.</summary>
    public string? Source => row.Source;

    /// <summary>The project that the latest sample belongs to.</summary>
    public string? ProjectId => row.ProjectId;

    /// <summary>The user that the latest sample belongs to.</summary>
    public string? UserId => row.UserId;

    /// <summary>When the earliest sample was true.</summary>
    public DateTimeOffset? FirstSampleAt => UnixMicroseconds.ToDateTimeOffset(row.FirstAt);

    /// <summary>When the latest sample was true.</summary>
    public DateTimeOffset? LastSampleAt => UnixMicroseconds.ToDateTimeOffset(row.LastAt);

    /// <summary>Of the latest sample.</summary>
    public IEnumerable<KeyValue> Metadata => row.Metadata.Flatten().Select(p => new KeyValue(p.Key, p.Value));
}
