namespace Telemetry.Api.GraphQL.Types;

/// <summary>A page of a longer list, by the Relay specification of cursor connections.</summary>
/// <param name="edges">In the list's order.</param>
/// <param name="pageInfo">Where the page is.</param>
/// <param name="totalCount">Of the whole list; only where the field offers it.</param>
internal sealed class Connection<T>(IReadOnlyList<Edge<T>> edges, ConnectionPageInfo pageInfo, long totalCount = 0) : IConnection
{
    public IReadOnlyList<Edge<T>> Edges { get; } = edges;

    public ConnectionPageInfo PageInfo { get; } = pageInfo;

    public long TotalCount { get; } = totalCount;

    public IEnumerable<T> Nodes => Edges.Select(e => e.Node);

    /// <summary>The same page of what is made of its items.</summary>
    public Connection<TResult> Select<TResult>(Func<T, TResult> make) => new([.. Edges.Select(e => new Edge<TResult>(make(e.Node), e.Cursor))], PageInfo, TotalCount);

    IEnumerable<object> IConnection.Edges => Edges;

    IEnumerable<object?> IConnection.Nodes => Edges.Select(e => (object?)e.Node).ToArray();
}

internal interface IConnection
{
    IEnumerable<object> Edges { get; }
    IEnumerable<object?> Nodes { get; }
    ConnectionPageInfo PageInfo { get; }
    long TotalCount { get; }
}

/// <summary>An item of a page.</summary>
/// <param name="node">The item.</param>
/// <param name="cursor">Opaque; the item's place.</param>
internal sealed class Edge<T>(T node, string cursor) : IEdge
{
    public T Node { get; } = node;

    public string Cursor { get; } = cursor;

    object? IEdge.Node => Node;
}

internal interface IEdge
{
    object? Node { get; }
    string Cursor { get; }
}

/// <summary>Where a page is in its list.</summary>
/// <param name="HasNextPage">Whether items follow.</param>
/// <param name="HasPreviousPage">Whether items precede.</param>
/// <param name="StartCursor">Of the first item; null for an empty page.</param>
/// <param name="EndCursor">Of the last item; null for an empty page.</param>
internal sealed record ConnectionPageInfo(bool HasNextPage, bool HasPreviousPage, string? StartCursor = null, string? EndCursor = null);

/// <summary>Which page is asked for. A resolver takes it as a parameter.</summary>
/// <param name="First">The page's size, from the beginning or <paramref name="After"/>. The default size where neither it nor <paramref name="Last"/> is given.</param>
/// <param name="After">The cursor before the page.</param>
/// <param name="Last">The page's size, from the end or <paramref name="Before"/>.</param>
/// <param name="Before">The cursor after the page.</param>
internal sealed record PagingArguments(int? First, string? After, int? Last, string? Before);
