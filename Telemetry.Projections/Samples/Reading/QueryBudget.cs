namespace Telemetry.Projections.Samples.Reading;

/// <summary>How long a query may still take.</summary>
internal sealed class QueryBudget(TimeProvider time, TimeSpan length, CancellationToken ct)
{
    private readonly long _start = time.GetTimestamp();

    public CancellationToken Token => ct;

    /// <exception cref="TimeoutException">The time is used up.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public void Check()
    {
        ct.ThrowIfCancellationRequested();
        if (time.GetElapsedTime(_start) > length)
            throw new TimeoutException($"The query took longer than {length.TotalSeconds:0} s. Narrow its filter or its time.");
    }
}
