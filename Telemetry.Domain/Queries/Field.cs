namespace Telemetry.Domain.Queries;

/// <summary>A field of a row: one of the names below, or a key of its metadata.</summary>
/// <param name="Name">The canonical name, such as <c>resource_id</c>; aliases are resolved before.</param>
/// <param name="Path">For <see cref="MetadataName"/>: the dotted path of the key, <c>[n]</c> for an element of a list. Else null.</param>
public readonly record struct Field(string Name, string? Path = null)
{
    public const string MetadataName = "resource_metadata";

    public static readonly Field Meter = new("counter_name");
    public static readonly Field Type = new("counter_type");
    public static readonly Field Unit = new("counter_unit");
    public static readonly Field Volume = new("counter_volume");
    public static readonly Field UserId = new("user_id");
    public static readonly Field ProjectId = new("project_id");
    public static readonly Field ResourceId = new("resource_id");
    public static readonly Field Source = new("source");
    public static readonly Field Timestamp = new("timestamp");
    public static readonly Field RecordedAt = new("recorded_at");
    public static readonly Field MessageId = new("message_id");
    public static readonly Field MessageSignature = new("message_signature");

    /// <summary>All keys of the metadata with their values, as the API shows them: a list of <see cref="Metering.MetadataItem"/>.</summary>
    public static readonly Field MetadataItems = new(MetadataName, "\0");

    public static Field Metadata(string path) => new(MetadataName, path);

    public bool IsMetadata => Path is not null;

    public override string ToString() => Path is null ? Name : $"metadata.{Path}";
}
