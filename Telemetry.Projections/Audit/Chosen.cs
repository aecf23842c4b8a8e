namespace Telemetry.Projections.Audit;

/// <summary>What is kept of some of the keys of a walk: those with the least hashes, so that whatever is kept at its end was kept from its key's first.</summary>
/// <remarks>Hashes of texts differ from process to process.</remarks>
internal sealed class Chosen<TKey, TValue>(int most)
    where TKey : notnull
    where TValue : class, new()
{
    private readonly Dictionary<TKey, TValue> _values = [];
    private readonly PriorityQueue<TKey, int> _greatest = new(Comparer<int>.Create(static (a, b) => b.CompareTo(a)));

    public IReadOnlyDictionary<TKey, TValue> Values => _values;

    /// <summary>What is kept of a key; null where it is not chosen.</summary>
    public TValue? Of(TKey key)
    {
        var hash = most < int.MaxValue ? key.GetHashCode() : 0;
        var isFull = _values.Count >= most;
        if (isFull && (!_greatest.TryPeek(out _, out var greatest) || hash > greatest)) // most of a long walk ends here
            return null;
        if (_values.TryGetValue(key, out var value))
            return value;
        if (isFull)
            _values.Remove(_greatest.Dequeue());
        if (most < int.MaxValue)
            _greatest.Enqueue(key, hash);
        return _values[key] = new();
    }
}
