namespace Telemetry.Domain.Streams;

/// <summary>How far the read models have come in the log.</summary>
/// <remarks>What makes a write readable for its own writer: the answer waits here for what it stored.</remarks>
public interface IProjectionProgress
{
    /// <summary>Waits until everything up to a position of the log can be read.</summary>
    /// <param name="timeout">Zero only asks.</param>
    /// <returns>False where the time ran out first; what was stored stays stored and will be readable later.</returns>
    ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default);
}
