namespace Telemetry.Api.GraphQL.Language;

/// <summary>A definition of the type system, or an extension of one.</summary>
internal abstract class TypeSystemNode(SyntaxKind kind, int start, bool isExtension, StringValueNode? description, IReadOnlyList<DirectiveNode> directives)
    : SyntaxNode(kind, start)
{
    /// <summary>Whether <c>extend</c> stands before it.</summary>
    public bool IsExtension { get; } = isExtension;
    public StringValueNode? Description { get; } = description;
    public IReadOnlyList<DirectiveNode> Directives { get; } = directives;
}

internal sealed class SchemaDefinitionNode(
    int start, bool isExtension, StringValueNode? description, IReadOnlyList<DirectiveNode> directives, IReadOnlyList<OperationTypeDefinitionNode> operationTypes)
    : TypeSystemNode(SyntaxKind.SchemaDefinition, start, isExtension, description, directives)
{
    public IReadOnlyList<OperationTypeDefinitionNode> OperationTypes { get; } = operationTypes;
}

internal sealed class OperationTypeDefinitionNode(int start, OperationType operation, NamedTypeNode type)
    : SyntaxNode(SyntaxKind.OperationTypeDefinition, start)
{
    public OperationType Operation { get; } = operation;
    public NamedTypeNode Type { get; } = type;
}

/// <summary>The definition or extension of a named type.</summary>
internal abstract class TypeDefinitionNode(
    SyntaxKind kind, int start, bool isExtension, StringValueNode? description, NameNode name, IReadOnlyList<DirectiveNode> directives)
    : TypeSystemNode(kind, start, isExtension, description, directives)
{
    public NameNode Name { get; } = name;
}

internal sealed class ScalarTypeDefinitionNode(
    int start, bool isExtension, StringValueNode? description, NameNode name, IReadOnlyList<DirectiveNode> directives)
    : TypeDefinitionNode(SyntaxKind.ScalarTypeDefinition, start, isExtension, description, name, directives);

/// <summary>An object or an interface.</summary>
internal sealed class ComplexTypeDefinitionNode(
    SyntaxKind kind, int start, bool isExtension, StringValueNode? description, NameNode name, IReadOnlyList<NamedTypeNode> interfaces,
    IReadOnlyList<DirectiveNode> directives, IReadOnlyList<FieldDefinitionNode> fields)
    : TypeDefinitionNode(kind, start, isExtension, description, name, directives)
{
    public IReadOnlyList<NamedTypeNode> Interfaces { get; } = interfaces;
    public IReadOnlyList<FieldDefinitionNode> Fields { get; } = fields;
}

internal sealed class FieldDefinitionNode(
    int start, StringValueNode? description, NameNode name, IReadOnlyList<InputValueDefinitionNode> arguments, TypeNode type, IReadOnlyList<DirectiveNode> directives)
    : TypeSystemNode(SyntaxKind.FieldDefinition, start, false, description, directives)
{
    public NameNode Name { get; } = name;
    public IReadOnlyList<InputValueDefinitionNode> Arguments { get; } = arguments;
    public TypeNode Type { get; } = type;
}

/// <summary>An argument, or a field of an input object.</summary>
internal sealed class InputValueDefinitionNode(
    int start, StringValueNode? description, NameNode name, TypeNode type, ValueNode? defaultValue, IReadOnlyList<DirectiveNode> directives)
    : TypeSystemNode(SyntaxKind.InputValueDefinition, start, false, description, directives)
{
    public NameNode Name { get; } = name;
    public TypeNode Type { get; } = type;
    public ValueNode? DefaultValue { get; } = defaultValue;
}

internal sealed class UnionTypeDefinitionNode(
    int start, bool isExtension, StringValueNode? description, NameNode name, IReadOnlyList<DirectiveNode> directives, IReadOnlyList<NamedTypeNode> types)
    : TypeDefinitionNode(SyntaxKind.UnionTypeDefinition, start, isExtension, description, name, directives)
{
    public IReadOnlyList<NamedTypeNode> Types { get; } = types;
}

internal sealed class EnumTypeDefinitionNode(
    int start, bool isExtension, StringValueNode? description, NameNode name, IReadOnlyList<DirectiveNode> directives, IReadOnlyList<EnumValueDefinitionNode> values)
    : TypeDefinitionNode(SyntaxKind.EnumTypeDefinition, start, isExtension, description, name, directives)
{
    public IReadOnlyList<EnumValueDefinitionNode> Values { get; } = values;
}

internal sealed class EnumValueDefinitionNode(int start, StringValueNode? description, NameNode name, IReadOnlyList<DirectiveNode> directives)
    : TypeSystemNode(SyntaxKind.EnumValueDefinition, start, false, description, directives)
{
    public NameNode Name { get; } = name;
}

internal sealed class InputObjectTypeDefinitionNode(
    int start, bool isExtension, StringValueNode? description, NameNode name, IReadOnlyList<DirectiveNode> directives, IReadOnlyList<InputValueDefinitionNode> fields)
    : TypeDefinitionNode(SyntaxKind.InputObjectTypeDefinition, start, isExtension, description, name, directives)
{
    public IReadOnlyList<InputValueDefinitionNode> Fields { get; } = fields;
}

internal sealed class DirectiveDefinitionNode(
    int start, StringValueNode? description, NameNode name, IReadOnlyList<InputValueDefinitionNode> arguments, bool isRepeatable, IReadOnlyList<NameNode> locations)
    : TypeSystemNode(SyntaxKind.DirectiveDefinition, start, false, description, [])
{
    public NameNode Name { get; } = name;
    public IReadOnlyList<InputValueDefinitionNode> Arguments { get; } = arguments;
    public bool IsRepeatable { get; } = isRepeatable;
    public IReadOnlyList<NameNode> Locations { get; } = locations;
}
