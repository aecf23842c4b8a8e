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
}

/// <summary>One process does all the work.</summary>
public sealed class AllLeases : ILeases
{
    public bool Holds(string share) => true;
}
