using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema;

/// <summary>How lists that are read whole are sorted and cut into pages.</summary>
/// <param name="Keys">By which, in order; the id comes last by itself.</param>
/// <param name="Id">Unique among the items.</param>
internal sealed record ListOrder<T>(IReadOnlyList<ListOrder<T>.Key> Keys, Func<T, string> Id)
{
    public sealed record Key(string Name, Func<T, QueryValue> Value, bool Descending = false);

    private string Name => string.Join(',', Keys.Select(k => k.Descending ? $"-{k.Name}" : k.Name));

    /// <summary>A page of items that are in no order.</summary>
    public Connection<T> Page(IEnumerable<T> items, PagingArguments page)
    {
        var sorted = items.Select(item => (Item: item, Place: PlaceOf(item))).ToList();
        sorted.Sort((x, y) => Compare(x.Place, y.Place));
        var from = page.After is null ? 0 : IndexAfter(sorted, Parse(page.After));
        var to = page.Before is null ? sorted.Count : IndexAfter(sorted, Parse(page.Before));
        if (page.Before is { } before && to > 0 && Compare(sorted[to - 1].Place, Parse(before)) == 0)
            to--;
        to = Math.Max(from, to);
        if (page.First is { } first)
            to = Math.Min(to, from + first);
        if (page.Last is { } last)
            from = Math.Max(from, to - last);
        var edges = sorted[from..to].Select(i => new Edge<T>(i.Item, i.Place.ToString())).ToList();
        return new(edges, new(to < sorted.Count, from > 0, edges is [var start, ..] ? start.Cursor : null, edges is [.., var end] ? end.Cursor : null), sorted.Count);
    }

    private Cursor PlaceOf(T item) => new(Name, [.. Keys.Select(k => k.Value(item))], Id(item));

    private Cursor Parse(string text) => Cursor.Parse(text, Name, Keys.Count);

    private int IndexAfter(List<(T Item, Cursor Place)> sorted, Cursor place)
    {
        var (low, high) = (0, sorted.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Compare(sorted[middle].Place, place) <= 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private int Compare(Cursor x, Cursor y)
    {
        for (var i = 0; i < Keys.Count; i++)
        {
            var order = Compare(x.Values[i], y.Values[i]);
            if (order != 0)
                return Keys[i].Descending ? -order : order;
        }
        return string.CompareOrdinal(x.Last, y.Last);
    }

    /// <summary>Missing values come first.</summary>
    private static int Compare(QueryValue x, QueryValue y) => x.Kind != y.Kind ? x.Kind.CompareTo(y.Kind) : x.Kind switch
    {
        ValueKind.Text => string.CompareOrdinal(x.Text, y.Text),
        ValueKind.Float => x.Number.CompareTo(y.Number),
        _ => x.Integer.CompareTo(y.Integer),
    };
}
