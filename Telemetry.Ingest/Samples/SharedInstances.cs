using System.Collections.Concurrent;

namespace Telemetry.Ingest.Samples;

/// <summary>One object for all that are equal, for all parsers of the process: it saves memory, and makes comparing them cheap downstream.</summary>
/// <param name="maxBytes">What all instances together may weigh; beyond, everything is forgotten (who holds an instance keeps it).</param>
internal sealed class SharedInstances<T>(long maxBytes)
    where T : class
{
    private readonly ConcurrentDictionary<T, T> _instances = new();
    private long _bytes;

    /// <param name="weight">About how many bytes the instance holds.</param>
    public T Share(T instance, int weight)
    {
        var shared = _instances.GetOrAdd(instance, instance);
        if (ReferenceEquals(shared, instance) && Interlocked.Add(ref _bytes, weight + 64) > maxBytes)
        {
            _instances.Clear();
            Interlocked.Exchange(ref _bytes, 0);
        }
        return shared;
    }
}
