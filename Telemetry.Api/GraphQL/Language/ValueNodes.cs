namespace Telemetry.Api.GraphQL.Language;

/// <summary>A literal or a variable.</summary>
internal abstract class ValueNode(SyntaxKind kind, int start) : SyntaxNode(kind, start);

internal sealed class VariableNode(int start, NameNode name) : ValueNode(SyntaxKind.Variable, start)
{
    public NameNode Name { get; } = name;
}

/// <param name="value">The digits as written.</param>
internal sealed class IntValueNode(int start, string value) : ValueNode(SyntaxKind.IntValue, start)
{
    public string Value { get; } = value;
}

/// <param name="value">The number as written.</param>
internal sealed class FloatValueNode(int start, string value) : ValueNode(SyntaxKind.FloatValue, start)
{
    public string Value { get; } = value;
}

/// <param name="value">The text, escapes and block indentation resolved.</param>
internal sealed class StringValueNode(int start, string value, bool block) : ValueNode(SyntaxKind.StringValue, start)
{
    public string Value { get; } = value;
    public bool Block { get; } = block;
}

internal sealed class BooleanValueNode(int start, bool value) : ValueNode(SyntaxKind.BooleanValue, start)
{
    public bool Value { get; } = value;
}

internal sealed class NullValueNode(int start) : ValueNode(SyntaxKind.NullValue, start);

internal sealed class EnumValueNode(int start, string value) : ValueNode(SyntaxKind.EnumValue, start)
{
    public string Value { get; } = value;
}

internal sealed class ListValueNode(int start, IReadOnlyList<ValueNode> items) : ValueNode(SyntaxKind.ListValue, start)
{
    public IReadOnlyList<ValueNode> Items { get; } = items;
}

internal sealed class ObjectValueNode(int start, IReadOnlyList<ObjectFieldNode> fields) : ValueNode(SyntaxKind.ObjectValue, start)
{
    public IReadOnlyList<ObjectFieldNode> Fields { get; } = fields;
}

internal sealed class ObjectFieldNode(int start, NameNode name, ValueNode value) : SyntaxNode(SyntaxKind.ObjectField, start)
{
    public NameNode Name { get; } = name;
    public ValueNode Value { get; } = value;
}
