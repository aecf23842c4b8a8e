namespace Telemetry.Api.GraphQL.Types;

/// <summary>An object or interface: what has fields and implements interfaces.</summary>
internal abstract class ComplexType(string name) : NamedType(name)
{
    public NamedList<OutputField> Fields { get; set; } = NamedList<OutputField>.Empty;

    public IReadOnlyList<InterfaceType> Interfaces { get; set; } = [];

    /// <summary>The CLR type of its values; null for a schema without.</summary>
    public Type? RuntimeType { get; init; }
}

internal sealed class ObjectType(string name) : ComplexType(name)
{
    public override TypeKind Kind => TypeKind.Object;

    /// <summary>Says whether a value is of it; null: by its CLR type alone.</summary>
    public Func<object, bool>? IsTypeOf { get; init; }
}

internal sealed class InterfaceType(string name) : ComplexType(name)
{
    public override TypeKind Kind => TypeKind.Interface;
}

internal sealed class UnionType(string name) : NamedType(name)
{
    public override TypeKind Kind => TypeKind.Union;

    public IReadOnlyList<ObjectType> Types { get; set; } = [];
}

/// <summary>A value of an enum.</summary>
/// <param name="name">In the schema.</param>
/// <param name="value">In the code: a member of the CLR enum, or the name where there is none.</param>
internal sealed class EnumValue(string name, object value) : IHasName
{
    public string Name { get; } = name;
    public object Value { get; } = value;
    public string? Description { get; init; }
    public string? DeprecationReason { get; init; }
}

internal sealed class EnumType : NamedType
{
    private readonly Dictionary<object, EnumValue> _byValue = [];

    public EnumType(string name, IEnumerable<EnumValue> values)
        : base(name)
    {
        Values = new(values);
        foreach (var value in Values)
            _byValue.TryAdd(value.Value, value);
    }

    public override TypeKind Kind => TypeKind.Enum;

    public NamedList<EnumValue> Values { get; }

    /// <summary>The name of a value in the schema; a name may stand for its value.</summary>
    /// <exception cref="LeafCoercionException">The enum has no such value.</exception>
    public string Serialize(object value) =>
        _byValue.TryGetValue(value, out var found) ? found.Name
        : value is string name && Values.Find(name) is not null ? name
        : throw new LeafCoercionException($"Enum \"{Name}\" cannot represent a value that the schema does not have.");
}

internal sealed class InputObjectType(string name) : NamedType(name)
{
    public override TypeKind Kind => TypeKind.InputObject;

    public NamedList<InputField> Fields { get; set; } = NamedList<InputField>.Empty;

    /// <summary>Just one field is given, and it is not null.</summary>
    public bool IsOneOf { get; init; }

    /// <summary>Makes an instance of the CLR type; null: the fields themselves are the value.</summary>
    public Func<InputObject, object>? CreateInstance { get; set; }
}

/// <summary>The coerced fields of an input object: a field that was not given and has no default is absent.</summary>
internal sealed class InputObject : Dictionary<string, object?>
{
    public InputObject()
        : base(StringComparer.Ordinal)
    {
    }
}
