using System.Text.Json;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>One evaluation of a path, which may take only so many steps.</summary>
internal sealed class PathSearch(JsonElement root)
{
    public const int MaxSteps = 100_000;

    private int _steps;

    /// <summary>What <c>$</c> means.</summary>
    public PathMatch Root { get; } = new(root);

    /// <exception cref="PathException">The path needs too many steps on this notification.</exception>
    public void Step()
    {
        if (++_steps > MaxSteps)
            throw new PathException($"It needs more than {MaxSteps} steps on this notification.");
    }
}
