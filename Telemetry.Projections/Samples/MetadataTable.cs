using System.Buffers.Binary;
using System.Security.Cryptography;
using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Samples;

/// <summary>The versions of metadata, each once, with a number from 1. Memory holds those in use lately and those not stored yet.</summary>
/// <param name="find">The number of a version in the store, null where it is not there.</param>
/// <param name="read">A version in the store.</param>
internal sealed class MetadataTable(Func<long, Metadata, int?> find, Func<int, Metadata?> read)
{
    private const int MaxCount = 50_000;
    private const int MaxBytes = 16 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Metadata> _pending = [];

    // Two generations: what was used since the last turn, and what was used before it.
    private Dictionary<Metadata, int> _idsNew = [], _idsOld = [];
    private Dictionary<int, Metadata> _new = [], _old = [];
    private readonly Dictionary<Metadata, int> _pendingIds = [];
    private long _bytes;
    private int _stored;
    private int _next = 1;

    /// <summary>Sets how many versions are in the store at start. There may be some that the log has only later than what was loaded.</summary>
    public void Restore(int last) => (_stored, _next) = (last, last + 1);

    /// <summary>The number of a version, a new one where it was not seen before. For the projector's thread only.</summary>
    public int IdOf(Metadata metadata)
    {
        lock (_lock)
        {
            if (_idsNew.TryGetValue(metadata, out var id))
                return id;
            if (_idsOld.TryGetValue(metadata, out id) || _pendingIds.TryGetValue(metadata, out id))
            {
                Remember(id, metadata);
                return id;
            }
        }
        if (_stored > 0 && find(HashOf(metadata), metadata) is { } found)
        {
            lock (_lock)
            {
                Remember(found, metadata);
                _next = Math.Max(_next, found + 1); // stored by another process: numbers follow the log in each
            }
            return found;
        }
        lock (_lock)
        {
            var id = _next++;
            _pending.Add(id, metadata);
            _pendingIds.Add(metadata, id);
            Remember(id, metadata);
            return id;
        }
    }

    /// <exception cref="InvalidDataException">There is no such version.</exception>
    public Metadata Get(int id)
    {
        lock (_lock)
        {
            if (_new.TryGetValue(id, out var known))
                return known;
            if (_old.TryGetValue(id, out known) || _pending.TryGetValue(id, out known))
            {
                Remember(id, known);
                return known;
            }
        }
        var metadata = read(id) ?? throw new InvalidDataException($"The read model has no metadata {id}.");
        lock (_lock)
            Remember(id, metadata);
        return metadata;
    }

    /// <summary>The versions that are not in the store yet.</summary>
    public List<(int Id, Metadata Metadata)> Pending()
    {
        lock (_lock)
            return _pending.Select(p => (p.Key, p.Value)).OrderBy(p => p.Key).ToList();
    }

    /// <summary>Leaves to the store what it holds: all versions up to a number.</summary>
    public void Stored(int last)
    {
        lock (_lock)
        {
            for (; _stored < last; _stored++)
            {
                if (_pending.Remove(_stored + 1, out var metadata))
                    _pendingIds.Remove(metadata);
            }
        }
    }

    /// <summary>The first eight bytes of the SHA-256 of the canonical text.</summary>
    public static long HashOf(Metadata metadata)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(metadata.Utf8.Span, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    private void Remember(int id, Metadata metadata)
    {
        if (_new.Count >= MaxCount || _bytes > MaxBytes)
        {
            (_idsOld, _old) = (_idsNew, _new);
            (_idsNew, _new) = ([], []);
            _bytes = 0;
        }
        if (_new.TryAdd(id, metadata))
        {
            _idsNew[metadata] = id;
            _bytes += metadata.Utf8.Length + 200;
        }
    }
}
