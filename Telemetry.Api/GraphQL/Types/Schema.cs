using System.Collections.Concurrent;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>What a schema is made of, before its types are collected and checked.</summary>
internal sealed record SchemaDefinition(ObjectType Query)
{
    public ObjectType? Mutation { get; init; }
    public ObjectType? Subscription { get; init; }
    public string? Description { get; init; }

    /// <summary>Types that no field names, such as an interface's objects.</summary>
    public IReadOnlyList<NamedType> Types { get; init; } = [];

    /// <summary>Beside the specification's five.</summary>
    public IReadOnlyList<DirectiveType> Directives { get; init; } = [];
}

/// <summary>The types of an endpoint: complete, valid and immutable.</summary>
internal sealed class Schema
{
    private readonly Dictionary<string, NamedType> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<NamedType, HashSet<ObjectType>> _possibleTypes = [];
    private readonly Dictionary<Type, ObjectType> _byRuntimeType = [];
    private readonly ConcurrentDictionary<(NamedType, Type), ObjectType?> _resolved = [];

    private Schema(SchemaDefinition definition)
    {
        QueryType = definition.Query;
        MutationType = definition.Mutation;
        SubscriptionType = definition.Subscription;
        Description = definition.Description;
        Directives = [.. DirectiveType.Specified, .. definition.Directives.Where(d => !d.IsSpecified)];
        Types = new TypeCollector().Collect(definition, Directives);
        foreach (var type in Types)
            _types.TryAdd(type.Name, type);
        foreach (var type in Types.OfType<ObjectType>())
            AddPossible(type);
        foreach (var union in Types.OfType<UnionType>())
            _possibleTypes[union] = [.. union.Types];
    }

    public string? Description { get; }
    public ObjectType QueryType { get; }
    public ObjectType? MutationType { get; }
    public ObjectType? SubscriptionType { get; }

    /// <summary>All types, those of introspection included, in the order in which they are first named.</summary>
    public IReadOnlyList<NamedType> Types { get; }

    public IReadOnlyList<DirectiveType> Directives { get; }

    /// <exception cref="SchemaException">The types break a rule of the specification's section 3; the message tells all that do.</exception>
    public static Schema Create(SchemaDefinition definition)
    {
        var schema = new Schema(definition);
        var errors = SchemaValidator.Validate(schema);
        return errors.Count == 0 ? schema : throw new SchemaException(errors);
    }

    public NamedType? FindType(string name) => _types.GetValueOrDefault(name);

    public DirectiveType? FindDirective(string name)
    {
        foreach (var directive in Directives)
        {
            if (directive.Name == name)
                return directive;
        }

        return null;
    }

    public ObjectType? RootType(OperationType operation) => operation switch
    {
        OperationType.Query => QueryType,
        OperationType.Mutation => MutationType,
        _ => SubscriptionType,
    };

    /// <summary>The objects that a value of the type can be: the object itself, an interface's or a union's.</summary>
    public IReadOnlySet<ObjectType> PossibleTypes(NamedType type) =>
        _possibleTypes.TryGetValue(type, out var types) ? types : System.Collections.Frozen.FrozenSet<ObjectType>.Empty;

    /// <summary>Whether a value of <paramref name="candidate"/> is one of <paramref name="type"/> too.</summary>
    public bool IsSubtype(GraphQLType candidate, GraphQLType type) => (candidate, type) switch
    {
        _ when ReferenceEquals(candidate, type) => true,
        (NonNullType c, NonNullType t) => IsSubtype(c.OfType, t.OfType),
        (NonNullType c, _) => IsSubtype(c.OfType, type),
        (ListType c, ListType t) => IsSubtype(c.OfType, t.OfType),
        (ObjectType c, NamedType { IsAbstract: true } t) => PossibleTypes(t).Contains(c),
        (InterfaceType c, InterfaceType t) => c.Interfaces.Contains(t),
        _ => false,
    };

    /// <summary>The object that a value is, by <see cref="ObjectType.IsTypeOf"/> first and the CLR type and its bases then; null where none fits.</summary>
    public ObjectType? ObjectTypeOf(NamedType type, object value)
    {
        if (type is ObjectType itself)
            return itself;
        foreach (var candidate in PossibleTypes(type))
        {
            if (candidate.IsTypeOf is { } isTypeOf && isTypeOf(value))
                return candidate;
        }

        return _resolved.GetOrAdd((type, value.GetType()), static (key, schema) => schema.ByRuntimeType(key.Item1, key.Item2), this);
    }

    private ObjectType? ByRuntimeType(NamedType type, Type runtimeType)
    {
        for (var t = runtimeType; t is not null; t = t.BaseType)
        {
            if (_byRuntimeType.TryGetValue(t, out var found) && PossibleTypes(type).Contains(found))
                return found;
        }

        return PossibleTypes(type).FirstOrDefault(o => o.RuntimeType is { IsInterface: true } i && i.IsAssignableFrom(runtimeType));
    }

    private void AddPossible(ObjectType type)
    {
        _possibleTypes[type] = [type];
        if (type.RuntimeType is { } runtimeType && runtimeType != typeof(object))
            _byRuntimeType.TryAdd(runtimeType, type);
        foreach (var @interface in type.Interfaces)
        {
            if (!_possibleTypes.TryGetValue(@interface, out var types))
                _possibleTypes[@interface] = types = [];
            types.Add(type);
        }
    }
}

/// <summary>A schema breaks rules of the specification.</summary>
internal sealed class SchemaException(IReadOnlyList<string> errors) : Exception("The GraphQL schema is not valid:\n" + string.Join('\n', errors))
{
    public IReadOnlyList<string> Errors { get; } = errors;
}
