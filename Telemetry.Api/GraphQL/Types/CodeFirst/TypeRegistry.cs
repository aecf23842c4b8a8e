using System.Reflection;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>The types of a schema as they are found: each CLR type once for output and once for input.</summary>
internal sealed class TypeRegistry
{
    private readonly Dictionary<Type, NamedType> _outputs = [];
    private readonly Dictionary<Type, NamedType> _inputs = [];
    private readonly Dictionary<Type, EnumType> _enums = [];
    private readonly Dictionary<string, NamedType> _named = new(StringComparer.Ordinal);
    private readonly Queue<Action> _open = [];
    private readonly ILookup<Type, (Type Type, IExtendsType Attribute)> _extensions;

    public TypeRegistry(IServiceProviderIsService? services, IEnumerable<Type> extensions)
    {
        _extensions = extensions
            .SelectMany(t => t.GetCustomAttributes().OfType<IExtendsType>().Select(a => (Type: t, Attribute: a)))
            .ToLookup(e => e.Attribute.Extended);
        Resolvers = new(this, services);
        Objects = new(this);
        Inputs = new(this);
        Connections = new(this);
        Mutations = new(this);
        Subscriptions = new(this);
        Nodes = new(this);
        foreach (var extended in _extensions.Select(g => g.Key))
            AddOutput(extended);
    }

    public XmlDocumentation Documentation { get; } = new();
    public ResolverFactory Resolvers { get; }
    public ObjectTypes Objects { get; }
    public InputTypes Inputs { get; }
    public ConnectionTypes Connections { get; }
    public MutationConventions Mutations { get; }
    public SubscriptionFields Subscriptions { get; }
    public NodeFields Nodes { get; }

    public IReadOnlyList<NamedType> OutputTypes => [.. _named.Values.Where(t => t.IsOutput)];

    public IEnumerable<(Type Type, IExtendsType Attribute)> ExtensionsOf(Type type) => _extensions[type];

    public string? DescriptionOf(IEnumerable<Type> types) => types.Select(Documentation.Of).FirstOrDefault(d => d is not null);

    /// <summary>Later, when the types at hand are known.</summary>
    public void Defer(Action action) => _open.Enqueue(action);

    /// <summary>Does what was deferred, and what follows from it.</summary>
    public void Complete()
    {
        while (_open.TryDequeue(out var action))
            action();
        Objects.SetInterfaces(_outputs);
    }

    /// <summary>A type under its name.</summary>
    /// <exception cref="SchemaException">Another has the name.</exception>
    public T Register<T>(T type) where T : NamedType =>
        _named.TryAdd(type.Name, type) ? type : throw new SchemaException([$"Two types are named {type.Name}."]);

    public NamedType? Find(string name) => _named.GetValueOrDefault(name);

    public GraphQLType Output(ClrReference reference, MemberInfo? member) => Map(reference, member, AddOutput);

    public GraphQLType Input(ClrReference reference, ICustomAttributeProvider member) => Map(reference, member, AddInput);

    public NamedType AddOutput(Type type)
    {
        if (Leaf(type) is { } leaf)
            return leaf;
        if (_outputs.TryGetValue(type, out var known))
            return known;
        // Before its fields are: they may lead back to it.
        return Objects.Create(type, created => _outputs.Add(type, created));
    }

    private NamedType AddInput(Type type)
    {
        if (Leaf(type) is { } leaf)
            return leaf;
        return _inputs.TryGetValue(type, out var known) ? known : Inputs.Create(type, created => _inputs.Add(type, created));
    }

    private NamedType? Leaf(Type type)
    {
        if (ClrTypes.ScalarOf(type) is { } scalar)
            return scalar;
        if (!type.IsEnum)
            return null;
        if (!_enums.TryGetValue(type, out var found))
            _enums.Add(type, found = Register(Enum(type)));
        return found;
    }

    private EnumType Enum(Type type) => new(
        NamingConventions.TypeName(type),
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(f => !f.IsDefined(typeof(GraphQLIgnoreAttribute)))
            .Select(f => new EnumValue(NamingConventions.EnumValueName(f), f.GetValue(null)!)
            {
                Description = Documentation.Of(f),
                DeprecationReason = DeprecationOf(f),
            }))
    {
        Description = Documentation.Of(type),
    };

    public static string? DeprecationOf(ICustomAttributeProvider member) =>
        member.GetCustomAttributes(true).OfType<GraphQLDeprecatedAttribute>().FirstOrDefault()?.DeprecationReason
        ?? (member.GetCustomAttributes(true).OfType<ObsoleteAttribute>().FirstOrDefault() is { } obsolete
            ? obsolete.Message ?? DirectiveType.DefaultDeprecationReason
            : null);

    private static GraphQLType Map(ClrReference reference, ICustomAttributeProvider? member, Func<Type, NamedType> add)
    {
        var isOptional = reference.Type.IsGenericType && reference.Type.GetGenericTypeDefinition() == typeof(Optional<>);
        if (ClrTypes.TryUnwrap(reference.Type, out _))
        {
            var inner = Map(reference.Argument(0), member, add);
            return isOptional ? inner.Nullable() : inner;
        }

        var attributes = member?.GetCustomAttributes(true) ?? [];
        var plain = Nullable.GetUnderlyingType(reference.Type) ?? reference.Type;
        GraphQLType type;
        if (ClrTypes.ItemOf(plain) is { } item)
            type = new ListType(Map(reference.Item(item), member, add));
        else if (attributes.OfType<IHasScalar>().FirstOrDefault() is { } given)
            type = ClrTypes.ScalarInstance(given.Scalar);
        else if (attributes.OfType<IDAttribute>().Any())
            type = IdType.Instance;
        else
            type = add(plain);
        return !reference.IsNullable || attributes.OfType<GraphQLNonNullTypeAttribute>().Any() ? new NonNullType(type) : type;
    }
}
