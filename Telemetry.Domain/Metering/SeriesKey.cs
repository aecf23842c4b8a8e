namespace Telemetry.Domain.Metering;

/// <summary>What all samples of one series share: one meter on one resource, as one source reports it.</summary>
/// <remarks>A class, so that a batch refers to a series by one pointer; intake shares equal keys, which makes comparing them cheap.
/// Lengths are bounded by <see cref="MaxLength"/>, as Ceilometer's columns are.</remarks>
public sealed class SeriesKey : IEquatable<SeriesKey>
{
    /// <summary>The longest a name, unit, id or source may be, in UTF-16 code units (ceilometer/storage/sqlalchemy/models.py).</summary>
    public const int MaxLength = 255;

    private readonly int _hash;

    /// <param name="unit">Null where the sample was sent with an explicit null.</param>
    /// <param name="projectId">Null for a sample that belongs to no project.</param>
    /// <param name="source">As stored: <c>PROJECT:SOURCE</c> for samples posted over REST, plain for agents' samples.</param>
    public SeriesKey(string meter, SampleType type, string? unit, string resourceId, string? projectId, string? userId, string source)
    {
        Meter = meter;
        Type = type;
        Unit = unit;
        ResourceId = resourceId;
        ProjectId = projectId;
        UserId = userId;
        Source = source;
        _hash = HashCode.Combine(meter, type, unit, resourceId, projectId, userId, source);
    }

    public string Meter { get; }
    public SampleType Type { get; }
    public string? Unit { get; }
    public string ResourceId { get; }
    public string? ProjectId { get; }
    public string? UserId { get; }
    public string Source { get; }

    public bool Equals(SeriesKey? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash
            && Type == other.Type && Meter == other.Meter && ResourceId == other.ResourceId && Unit == other.Unit
            && ProjectId == other.ProjectId && UserId == other.UserId && Source == other.Source);

    public override bool Equals(object? obj) => Equals(obj as SeriesKey);

    public override int GetHashCode() => _hash;

    public override string ToString() => $"{Meter} ({Type.Name()}, {Unit}) of {ResourceId} in {ProjectId ?? "no project"}";
}
