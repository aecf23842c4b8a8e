namespace Telemetry.Ingest.Samples;

/// <summary>Bounds the memory that request bodies take at once.</summary>
/// <param name="maxBytes">Of all bodies together.</param>
public sealed class BodyBudget(long maxBytes)
{
    private long _taken;

    /// <summary>False where there is no room; then nothing was taken.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= maxBytes)
            return true;
        Return(bytes);
        return false;
    }

    public void Return(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
