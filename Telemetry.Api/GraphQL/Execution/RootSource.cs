namespace Telemetry.Api.GraphQL.Execution;

/// <summary>The parent of root fields that have none.</summary>
internal sealed class RootSource
{
    public static readonly RootSource Instance = new();
}
