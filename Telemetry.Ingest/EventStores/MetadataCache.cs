using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.EventStores;

/// <summary>Metadata versions in use, by number and by content, within a bound.</summary>
/// <remarks>Two generations: the young one takes what is new or used again; when it holds half of the bound it becomes the old one, and the
/// old one is forgotten. Safe for use by many threads.</remarks>
internal sealed class MetadataCache(long maxBytes)
{
    private readonly Lock _lock = new();
    private Generation _young = new();
    private Generation _old = new();

    public Metadata? Find(int id)
    {
        lock (_lock)
        {
            if (_young.ById.TryGetValue(id, out var metadata))
                return metadata;
            if (_old.ById.TryGetValue(id, out metadata))
                Add(id, metadata);
            return metadata;
        }
    }

    public int? Find(Metadata metadata)
    {
        lock (_lock)
        {
            if (_young.Ids.TryGetValue(metadata, out var id))
                return id;
            if (!_old.Ids.TryGetValue(metadata, out id))
                return null;
            Add(id, _old.ById[id]);
            return id;
        }
    }

    /// <summary>Keeps a pair; gives the object that is kept for the number, which is the first one.</summary>
    public Metadata Keep(int id, Metadata metadata)
    {
        lock (_lock)
        {
            if (Find(id) is { } known)
                return known;
            Add(id, metadata);
            return metadata;
        }
    }

    public void Forget(int id)
    {
        lock (_lock)
        {
            _young.Remove(id);
            _old.Remove(id);
        }
    }

    private void Add(int id, Metadata metadata)
    {
        _young.ById[id] = metadata;
        _young.Ids[metadata] = id;
        _young.Bytes += metadata.Utf8.Length + 200; // about what the object and two entries take
        if (_young.Bytes > maxBytes / 2)
            (_young, _old) = (new Generation(), _young);
    }

    private sealed class Generation
    {
        public Dictionary<int, Metadata> ById { get; } = [];
        public Dictionary<Metadata, int> Ids { get; } = [];
        public long Bytes { get; set; }

        public void Remove(int id)
        {
            if (ById.Remove(id, out var metadata))
                Ids.Remove(metadata);
        }
    }
}
