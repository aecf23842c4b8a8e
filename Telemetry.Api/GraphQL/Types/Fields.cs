using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>Gives a field's value; null, a list or an object as the field's type asks.</summary>
internal delegate ValueTask<object?> FieldResolverDelegate(IResolverContext context);

/// <summary>Gives the events of a subscription's field.</summary>
internal delegate ValueTask<IAsyncEnumerable<object?>> SubscribeResolverDelegate(IResolverContext context);

/// <summary>A field of an object or interface.</summary>
internal sealed class OutputField(string name, GraphQLType type) : IHasName
{
    public string Name { get; } = name;
    public GraphQLType Type { get; } = type;
    public string? Description { get; init; }
    public string? DeprecationReason { get; init; }
    public NamedList<InputField> Arguments { get; init; } = NamedList<InputField>.Empty;
    public SyntaxNode? SyntaxNode { get; init; }

    /// <summary>Reads the value off the parent and nothing else: no context is made for it. Wins over <see cref="Resolver"/>.</summary>
    public Func<object, object?>? Property { get; set; }

    public FieldResolverDelegate? Resolver { get; set; }

    /// <summary>Set on fields of the subscription type.</summary>
    public SubscribeResolverDelegate? Subscriber { get; set; }

    /// <summary>What resolving it costs; null for the default: 10 with a resolver, 1 for a composite property, 0 otherwise.</summary>
    public double? Weight { get; set; }

    /// <summary>How many items its list has at most; null where it is no list, or the default applies.</summary>
    public ListSizeAttribute? ListSize { get; set; }

    public override string ToString() => $"{Name}: {Type}";
}

/// <summary>An argument, or a field of an input object.</summary>
internal sealed class InputField : IHasName
{
    private readonly Lazy<object?> _default;

    /// <param name="name">In the schema.</param>
    /// <param name="type">An input type.</param>
    /// <param name="defaultValue">A literal without variables; null for none (a literal <c>null</c> is one).</param>
    public InputField(string name, GraphQLType type, ValueNode? defaultValue)
    {
        Name = name;
        Type = type;
        DefaultValue = defaultValue;
        // Later, since the types are not complete yet.
        _default = new(() => defaultValue is null ? null : InputCoercion.CoerceConstant(defaultValue, type));
    }

    public string Name { get; }
    public GraphQLType Type { get; }
    public ValueNode? DefaultValue { get; }
    public string? Description { get; init; }
    public string? DeprecationReason { get; init; }
    public SyntaxNode? SyntaxNode { get; init; }

    /// <summary>Whether it must be given: non-null and without default.</summary>
    public bool IsRequired => Type.IsNonNull && DefaultValue is null;

    /// <summary>The default, coerced once.</summary>
    public object? CoercedDefault => _default.Value;

    /// <summary>Turns a coerced value into what the resolver takes; null where it takes it as it is.</summary>
    public Func<object?, object?>? Convert { get; set; }

    public override string ToString() => $"{Name}: {Type}";
}
