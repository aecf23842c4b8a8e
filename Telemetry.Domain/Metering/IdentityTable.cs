using System.Runtime.CompilerServices;

namespace Telemetry.Domain.Metering;

/// <summary>What was found for an object before, told by its identity: one comparison of references where equality may take seven of strings.</summary>
/// <remarks>
/// What is not found here may still be known under an equal object. Bounded: when full it forgets everything and starts anew. Open addressing
/// with linear probing, at most half full: a direct-mapped table of the same size lost a quarter of 10,000 series to collisions. Not safe for use by several threads.
/// </remarks>
/// <param name="maxCount">Of keys, all of which it keeps alive.</param>
public sealed class IdentityTable<TKey, TValue>(int maxCount)
    where TKey : class
{
    private const int FirstSlots = 1_024;

    private (TKey? Key, TValue Value)[] _slots = new (TKey?, TValue)[FirstSlots];
    private int _count;

    /// <param name="hash">The key's own hash code, which holders of a cached one spare to ask for.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(TKey key, int hash, out TValue value)
    {
        var slots = _slots;
        for (var i = hash & (slots.Length - 1); ; i = (i + 1) & (slots.Length - 1))
        {
            ref var slot = ref slots[i];
            if (ReferenceEquals(slot.Key, key))
            {
                value = slot.Value;
                return true;
            }
            if (slot.Key is null)
            {
                value = default!;
                return false;
            }
        }
    }

    /// <summary>Adds a key that is not there.</summary>
    public void Add(TKey key, int hash, TValue value)
    {
        if (_count == maxCount)
            Clear();
        if (2 * (_count + 1) > _slots.Length)
            Grow();
        Put(key, hash, value);
        _count++;
    }

    public void Clear() => (_slots, _count) = (new (TKey?, TValue)[FirstSlots], 0);

    private void Put(TKey key, int hash, TValue value)
    {
        var i = hash & (_slots.Length - 1);
        while (_slots[i].Key is not null)
            i = (i + 1) & (_slots.Length - 1);
        _slots[i] = (key, value);
    }

    private void Grow()
    {
        var old = _slots;
        _slots = new (TKey?, TValue)[2 * old.Length];
        foreach (var (key, value) in old)
        {
            if (key is not null)
                Put(key, key.GetHashCode(), value);
        }
    }
}
