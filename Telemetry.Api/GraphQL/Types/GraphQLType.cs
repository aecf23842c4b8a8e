using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>The kinds of <c>__TypeKind</c>.</summary>
internal enum TypeKind
{
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    InputObject,
    List,
    NonNull,
}

/// <summary>A type, or a list or non-null around one.</summary>
internal abstract class GraphQLType
{
    public abstract TypeKind Kind { get; }

    /// <summary>The type within all lists and non-nulls.</summary>
    public abstract NamedType Named { get; }

    public bool IsNonNull => Kind == TypeKind.NonNull;

    /// <summary>Whether a value of it can be an argument.</summary>
    public bool IsInput => Named.Kind is TypeKind.Scalar or TypeKind.Enum or TypeKind.InputObject;

    /// <summary>Whether a field can be of it.</summary>
    public bool IsOutput => Named.Kind is not TypeKind.InputObject;

    public bool IsLeaf => Kind is TypeKind.Scalar or TypeKind.Enum;

    /// <summary>Whether it has selections: an object, an interface or a union.</summary>
    public bool IsComposite => Kind is TypeKind.Object or TypeKind.Interface or TypeKind.Union;

    public bool IsAbstract => Kind is TypeKind.Interface or TypeKind.Union;

    /// <summary>The type without an outer non-null.</summary>
    public GraphQLType Nullable() => this is NonNullType n ? n.OfType : this;

    /// <summary>Whether two types are written the same and name the same type.</summary>
    public static bool Same(GraphQLType a, GraphQLType b) => (a, b) switch
    {
        (NonNullType x, NonNullType y) => Same(x.OfType, y.OfType),
        (ListType x, ListType y) => Same(x.OfType, y.OfType),
        _ => ReferenceEquals(a, b),
    };
}

internal sealed class ListType(GraphQLType ofType) : GraphQLType
{
    public GraphQLType OfType { get; } = ofType;
    public override TypeKind Kind => TypeKind.List;
    public override NamedType Named => OfType.Named;
    public override string ToString() => $"[{OfType}]";
}

internal sealed class NonNullType : GraphQLType
{
    /// <param name="ofType">Nullable.</param>
    public NonNullType(GraphQLType ofType) => OfType = ofType is NonNullType
        ? throw new ArgumentException($"{ofType} is non-null already.", nameof(ofType))
        : ofType;

    public GraphQLType OfType { get; }
    public override TypeKind Kind => TypeKind.NonNull;
    public override NamedType Named => OfType.Named;
    public override string ToString() => $"{OfType}!";
}

/// <summary>A type with a name of its own.</summary>
internal abstract class NamedType(string name) : GraphQLType
{
    public string Name { get; } = name;
    public string? Description { get; set; }
    public override NamedType Named => this;
    public override string ToString() => Name;

    /// <summary>The node it was read from, where it was; errors then have a place.</summary>
    public SyntaxNode? SyntaxNode { get; init; }
}
