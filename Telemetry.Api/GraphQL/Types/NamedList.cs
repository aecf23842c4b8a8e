using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>Something that is looked up by name.</summary>
internal interface IHasName
{
    string Name { get; }
}

/// <summary>Fields, arguments or values in their order, found by name. The first of equal names wins; the schema's validation finds the second.</summary>
internal sealed class NamedList<T> : IReadOnlyList<T> where T : class, IHasName
{
    public static readonly NamedList<T> Empty = new([]);

    private readonly T[] _items;
    private readonly Dictionary<string, T> _byName = new(StringComparer.Ordinal);

    public NamedList(IEnumerable<T> items)
    {
        _items = [.. items];
        foreach (var item in _items)
            _byName.TryAdd(item.Name, item);
    }

    public int Count => _items.Length;

    public T this[int index] => _items[index];

    public T? Find(string name) => _byName.GetValueOrDefault(name);

    public bool TryFind(string name, [NotNullWhen(true)] out T? item) => _byName.TryGetValue(name, out item);

    /// <summary>Where a name stands; -1 where it does not.</summary>
    public int IndexOf(string name) => Array.FindIndex(_items, i => i.Name == name);

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}
