namespace Telemetry.Domain.Leases;

/// <summary>Work that several processes share: each share is held by one of them at a time.</summary>
public interface ILeases
{
    /// <summary>Whether this process holds a share now. Without other processes it holds every one.</summary>
    /// <remarks>
    /// False some time before another process can hold it: the end is measured from before the request that prolonged the lease, on a clock that
    /// nobody sets.
    /// </remarks>
    bool Holds(string share);

    /// <summary>Asks that a share that this process holds is not handed to another one before the result is disposed of: what is under way would be done there again.</summary>
    /// <remarks>That is for seconds only. Of no effect on a share that it does not hold, or loses because it does not answer.</remarks>
    IDisposable Keep(string share);
}

/// <summary>One process does all the work.</summary>
public sealed class AllLeases : ILeases, IDisposable
{
    public bool Holds(string share) => true;

    public IDisposable Keep(string share) => this;

    void IDisposable.Dispose()
    {
        // Nothing is handed over.
    }
}
