using System.Text.Json;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>A value that a path found.</summary>
/// <param name="Parent">The match it lies in; null for the root and for computed values.</param>
/// <param name="Step">The key or <c>[index]</c> that leads from the parent here.</param>
internal sealed record PathMatch(JsonElement Value, PathMatch? Parent = null, string? Step = null)
{
    /// <summary>The way from the root: <c>payload.metrics.[0].value</c>; <c>$</c> for the root.</summary>
    public string FullPath => Step is null ? "$" : Parent is null or { Step: null } ? Step : $"{Parent.FullPath}.{Step}";
}
