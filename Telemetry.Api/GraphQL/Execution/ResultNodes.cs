using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>A part of an answer that is being made: an object or a list, and its place in the part above.</summary>
/// <remarks>A value is null, a string, number, boolean, <see cref="System.Text.Json.JsonElement"/> or a node.</remarks>
internal abstract class ResultNode(ResultNode? parent, int index, bool isNullable, object?[] values)
{
    /// <summary>Null for the root.</summary>
    public ResultNode? Parent { get; } = parent;

    public int Index { get; } = index;

    /// <summary>Whether null may stand in its place.</summary>
    public bool IsNullable { get; } = isNullable;

    public object?[] Values { get; } = values;

    /// <summary>A null took its place: what still runs below it is of no use.</summary>
    public bool IsDropped { get; set; }

    public bool IsOutOfTree()
    {
        for (var node = this; node is not null; node = node.Parent)
        {
            if (node.IsDropped)
                return true;
        }

        return false;
    }

    public Path PathTo(int index)
    {
        var segments = new List<object>();
        var at = index;
        for (var node = this; node is not null; node = node.Parent)
        {
            segments.Add(node is ObjectResult o ? o.Selections[at].ResponseName : at);
            at = node.Index;
        }

        segments.Reverse();
        return new(segments);
    }
}

internal sealed class ObjectResult(ResultNode? parent, int index, bool isNullable, ObjectType type, Selection[] selections)
    : ResultNode(parent, index, isNullable, new object?[selections.Length])
{
    public ObjectType Type { get; } = type;
    public Selection[] Selections { get; } = selections;
}

internal sealed class ListResult(ResultNode? parent, int index, bool isNullable, int count) : ResultNode(parent, index, isNullable, new object?[count]);
