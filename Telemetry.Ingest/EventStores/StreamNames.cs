using System.Collections.Concurrent;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>Names of streams by number, as far as they were read lately.</summary>
internal sealed class StreamNames
{
    private const int MaxCount = 100_000;

    private readonly ConcurrentDictionary<long, StreamName> _names = new();

    public StreamName Get(long id, Func<long, StreamName> read)
    {
        if (_names.Count > MaxCount)
            _names.Clear();
        return _names.GetOrAdd(id, read);
    }

    public StreamName? Find(long id) => _names.TryGetValue(id, out var name) ? name : null;

    public void Add(long id, StreamName name) => Get(id, _ => name);
}
