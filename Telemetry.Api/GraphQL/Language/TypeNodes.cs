namespace Telemetry.Api.GraphQL.Language;

/// <summary>A reference to a type.</summary>
internal abstract class TypeNode(SyntaxKind kind, int start) : SyntaxNode(kind, start);

internal sealed class NamedTypeNode(NameNode name) : TypeNode(SyntaxKind.NamedType, name.Start)
{
    public NameNode Name { get; } = name;
}

internal sealed class ListTypeNode(int start, TypeNode type) : TypeNode(SyntaxKind.ListType, start)
{
    public TypeNode Type { get; } = type;
}

/// <param name="type">A named type or a list.</param>
internal sealed class NonNullTypeNode(int start, TypeNode type) : TypeNode(SyntaxKind.NonNullType, start)
{
    public TypeNode Type { get; } = type;
}
