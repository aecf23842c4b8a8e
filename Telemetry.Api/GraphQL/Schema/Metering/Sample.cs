using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;
using StoredSample = Telemetry.Domain.Metering.Sample;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>One measured value of one meter on one resource at one instant.</summary>
/// <param name="stored">As the reader gives it.</param>
[Node(IdField = nameof(Key))]
internal sealed class Sample(StoredSample stored)
{
    [GraphQLIgnore]
    public StoredSample Stored => stored;

    /// <summary>Opaque, of this sample alone.</summary>
    public string Key => stored.Id;

    /// <summary>What was measured.</summary>
    public Meter Meter => Meter.Of(stored.Series);

    /// <summary>The value, in the meter's unit.</summary>
    public double Volume => stored.Volume;

    /// <summary>The meter's unit; null where the sample was stored without one.</summary>
    public string? Unit => stored.Series.Unit;

    /// <summary>When the value was true.</summary>
    public DateTimeOffset Timestamp => UnixMicroseconds.ToDateTimeOffset(stored.Timestamp);

    /// <summary>When it was stored.</summary>
    public DateTimeOffset RecordedAt => UnixMicroseconds.ToDateTimeOffset(stored.RecordedAt);

    /// <summary>The project that it belongs to.</summary>
    public string? ProjectId => stored.Series.ProjectId;

    /// <summary>The user that it belongs to.</summary>
    public string? UserId => stored.Series.UserId;

    /// <summary>What reported it.</summary>
    public string? Source => stored.Series.Source;

    /// <summary>The resource's metadata as it carried it.</summary>
    public IEnumerable<KeyValue> Metadata => stored.Metadata.Flatten().Select(p => new KeyValue(p.Key, p.Value));
}
