using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Ingest.Pipelines;

/// <summary>The fields of a sample, as expressions name them.</summary>
internal static class SampleScope
{
    public static readonly IReadOnlyList<string> Fields =
        ["name", "type", "unit", "volume", "user_id", "project_id", "resource_id", "timestamp", "source", "id", "monotonic_time"];

    /// <summary>Whether an expression about one sample may use a name.</summary>
    public static bool Knows(string name) => name.StartsWith("resource_metadata.", StringComparison.Ordinal) || Fields.Contains(name);

    /// <summary>A field's value, null for metadata that the sample lacks.</summary>
    public static object? Value(SampleInFlight sample, string name) => name switch
    {
        "name" => sample.Series.Meter,
        "type" => sample.Series.Type.Name(),
        "unit" => sample.Series.Unit,
        "volume" => sample.Volume,
        "user_id" => sample.Series.UserId,
        "project_id" => sample.Series.ProjectId,
        "resource_id" => sample.Series.ResourceId,
        "timestamp" => UnixMicroseconds.Format(sample.Timestamp),
        "source" => sample.Series.Source,
        "id" => sample.MessageId,
        "monotonic_time" => sample.MonotonicTime,
        _ when name.StartsWith("resource_metadata.", StringComparison.Ordinal) => Of(sample.Metadata[name["resource_metadata.".Length..]]),
        _ => throw new ExpressionException($"A sample has no field '{name}'."),
    };

    private static object? Of(QueryValue value) => value.Kind switch
    {
        ValueKind.Text => value.Text,
        ValueKind.Integer or ValueKind.Float => value.Number,
        ValueKind.Boolean => value.Integer == 1,
        _ => null,
    };
}
