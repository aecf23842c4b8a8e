using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Telemetry.Ingest.Samples;

/// <summary>What byte strings stand for, looked up without making an object; bounded: when full it forgets everything and starts anew.</summary>
/// <remarks>
/// Open addressing over 64-bit hashes with a random seed, so that a sender cannot choose keys that collide. Bodies repeat the order of the ones
/// before them: an entry remembers which one was looked up after it, and where that is asked for again it need not be hashed. Not safe for use by several threads.
/// </remarks>
/// <param name="maxBytes">Of all keys together.</param>
internal sealed class ByteTable<T>(int maxBytes)
    where T : class
{
    private readonly ulong _seed = MemoryMarshal.Read<ulong>(RandomNumberGenerator.GetBytes(8));
    private Entry[] _entries = new Entry[256];
    private byte[] _keys = new byte[4_096];
    private int _count;
    private int _used;
    private int _last; // the entry that was found last

    private struct Entry
    {
        public ulong Hash;
        public int Start;
        public int Length;
        public int Next;
        public T? Value;
    }

    public int Count => _count;

    /// <summary>Null where the key is not known.</summary>
    public T? Find(ReadOnlySpan<byte> key)
    {
        var entries = _entries;
        var likely = entries[_last].Next;
        if (entries[likely].Value is { } next && Is(entries[likely], key))
        {
            _last = likely;
            return next;
        }
        var hash = Hash(key, _seed);
        for (var i = (int)hash & (entries.Length - 1); entries[i].Value is { } value; i = (i + 1) & (entries.Length - 1))
        {
            if (entries[i].Hash != hash || !Is(entries[i], key))
                continue;
            entries[_last].Next = i;
            _last = i;
            return value;
        }
        return null;
    }

    /// <summary>Adds a key that <see cref="Find"/> does not know.</summary>
    public void Add(ReadOnlySpan<byte> key, T value)
    {
        if (key.Length > maxBytes)
            return;
        if (_used + (long)key.Length > maxBytes)
            Clear();
        if (2 * (_count + 1) > _entries.Length)
            Grow();
        if (_used + key.Length > _keys.Length)
            Array.Resize(ref _keys, (int)Math.Min(Math.Max(2L * _keys.Length, _used + key.Length), Array.MaxLength));
        key.CopyTo(_keys.AsSpan(_used));
        Put(new Entry { Hash = Hash(key, _seed), Start = _used, Length = key.Length, Value = value });
        _used += key.Length;
        _count++;
    }

    private bool Is(in Entry entry, ReadOnlySpan<byte> key) => key.SequenceEqual(_keys.AsSpan(entry.Start, entry.Length));

    private void Put(Entry entry)
    {
        var i = (int)entry.Hash & (_entries.Length - 1);
        while (_entries[i].Value is not null)
            i = (i + 1) & (_entries.Length - 1);
        _entries[i] = entry;
    }

    private void Grow()
    {
        var old = _entries;
        _entries = new Entry[2 * old.Length];
        _last = 0;
        foreach (var entry in old)
        {
            if (entry.Value is not null)
                Put(entry with { Next = 0 });
        }
    }

    private void Clear()
    {
        _entries = new Entry[256];
        (_count, _used, _last) = (0, 0, 0);
    }

    // Multiply and fold, 16 bytes at a time, as wyhash does (github.com/wangyi-fudan/wyhash).
    private static ulong Hash(ReadOnlySpan<byte> key, ulong seed)
    {
        const ulong A = 0xa0761d6478bd642f, B = 0xe7037ed1a0b428db;
        var hash = seed ^ (ulong)key.Length * A;
        while (key.Length >= 16)
        {
            hash = Fold(MemoryMarshal.Read<ulong>(key) ^ A ^ seed, MemoryMarshal.Read<ulong>(key[8..]) ^ hash);
            key = key[16..];
        }
        if (key.Length > 0)
        {
            Span<byte> tail = stackalloc byte[16];
            tail.Clear();
            key.CopyTo(tail);
            hash = Fold(MemoryMarshal.Read<ulong>(tail) ^ B ^ seed, MemoryMarshal.Read<ulong>(tail[8..]) ^ hash);
        }
        return Fold(hash ^ A, seed ^ B);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out ulong low);
        return high ^ BitOperations.RotateLeft(low, 1);
    }
}
