namespace Telemetry.Projections.Running;

/// <summary>How a projection is doing.</summary>
public enum ProjectionState
{
    Stopped,
    Running,

    /// <summary>An event could not be applied: nothing after it is, until the cause is removed and the program started again.</summary>
    Failed,
}

/// <summary>How far a projection is.</summary>
/// <param name="Position">The last event that was applied.</param>
/// <param name="Head">The last event in the log.</param>
/// <param name="Samples">Applied since the start; an event that is no batch counts as one.</param>
/// <param name="SamplesPerSecond">Since this was asked for last.</param>
/// <param name="Failure">What went wrong, with the event's position; null unless it failed.</param>
public sealed record ProjectionProgress(
    string Name, ProjectionState State, long Position, long Head, long Samples, double SamplesPerSecond, string? Failure);

/// <summary>How far a rebuild is.</summary>
/// <param name="Position">The last event that the new generation has.</param>
/// <param name="Head">The last event in the log.</param>
/// <param name="Samples">Applied so far.</param>
public readonly record struct RebuildProgress(long Position, long Head, long Samples);
