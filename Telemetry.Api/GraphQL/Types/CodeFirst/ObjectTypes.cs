using System.Reflection;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Objects, interfaces and unions of C# types: properties and methods are fields.</summary>
internal sealed class ObjectTypes(TypeRegistry registry)
{
    private readonly Dictionary<ComplexType, List<InterfaceType>> _given = [];

    public NamedType Create(Type type, Action<NamedType> created)
    {
        if (type.GetCustomAttribute<UnionTypeAttribute>() is { } asUnion)
        {
            var union = registry.Register(new UnionType(asUnion.Name ?? NameOf(type)) { Description = DescriptionOf(type) });
            created(union);
            var members = Implementations(type).Select(registry.AddOutput).OfType<ObjectType>().ToList();
            union.Types = members;
            return union;
        }

        ComplexType complex = type.IsInterface || type.IsAbstract
            ? new InterfaceType(type.GetCustomAttribute<InterfaceTypeAttribute>()?.Name ?? NameOf(type)) { Description = DescriptionOf(type), RuntimeType = type }
            : new ObjectType(NameOf(type)) { Description = DescriptionOf(type), RuntimeType = type };
        registry.Register(complex);
        created(complex);
        registry.Defer(() => complex.Fields = new(Fields(type, complex)));
        if (complex is InterfaceType)
            registry.Defer(() => _ = Implementations(type).Select(registry.AddOutput).Count());
        return complex;
    }

    /// <summary>The fields that classes of resolvers have.</summary>
    public IReadOnlyList<OutputField> FieldsOfResolvers(IEnumerable<Type> types) =>
        [.. types.SelectMany(SchemaBuilder.Methods).Where(IsField).Select(m => Method(m, null))];

    /// <summary>Says that a type implements an interface, whatever the C# types say.</summary>
    public void Implement(ComplexType type, InterfaceType @interface)
    {
        if (!_given.TryGetValue(type, out var list))
            _given.Add(type, list = []);
        if (!list.Contains(@interface))
            list.Add(@interface);
    }

    /// <summary>Once all types are known: every C# interface or base that is one of the schema's.</summary>
    public void SetInterfaces(IReadOnlyDictionary<Type, NamedType> types)
    {
        var interfaces = types.Where(t => t.Value is InterfaceType).Select(t => (Runtime: t.Key, Type: (InterfaceType)t.Value)).ToList();
        foreach (var (runtime, type) in types)
        {
            if (type is not ComplexType complex)
                continue;
            var own = interfaces.Where(i => i.Runtime != runtime && i.Runtime.IsAssignableFrom(runtime)).Select(i => i.Type);
            complex.Interfaces = [.. own, .. _given.GetValueOrDefault(complex, [])];
        }

        foreach (var (type, list) in _given.Where(g => g.Key.Interfaces.Count == 0))
            type.Interfaces = list;
    }

    public OutputField Property(PropertyInfo property)
    {
        var field = new OutputField(NamingConventions.FieldName(property), registry.Output(ClrReference.Of(property, isInput: false), property))
        {
            Description = registry.Documentation.Of(property),
            DeprecationReason = TypeRegistry.DeprecationOf(property),
            Weight = property.GetCustomAttribute<CostAttribute>()?.Weight,
            ListSize = property.GetCustomAttribute<ListSizeAttribute>(),
        };
        field.Property = Getters.For(property);
        Authorization.Apply(field, property, property.DeclaringType);
        return field;
    }

    public OutputField Method(MethodInfo method, Type? parent)
    {
        var paging = method.GetCustomAttribute<UsePagingAttribute>();
        var (arguments, resolver) = registry.Resolvers.Create(method, parent, paging);
        var name = NamingConventions.FieldName(method);
        var type = paging is null
            ? registry.Output(ClrReference.Of(method.ReturnParameter, isInput: false), method)
            : registry.Connections.Of(method, paging, name);
        var field = new OutputField(name, type)
        {
            Description = registry.Documentation.Of(method),
            DeprecationReason = TypeRegistry.DeprecationOf(method),
            Arguments = new(arguments),
            Resolver = resolver,
            Weight = method.GetCustomAttribute<CostAttribute>()?.Weight,
            ListSize = method.GetCustomAttribute<ListSizeAttribute>() ?? (paging is null ? null : ConnectionTypes.SizeOf(paging)),
        };
        Authorization.Apply(field, method, method.DeclaringType);
        return field;
    }

    private string NameOf(Type type) =>
        registry.ExtensionsOf(type).Select(e => e.Type.GetCustomAttribute<GraphQLNameAttribute>()?.Name).FirstOrDefault(n => n is not null)
        ?? NamingConventions.TypeName(type);

    private string? DescriptionOf(Type type) =>
        registry.Documentation.Of(type) ?? registry.DescriptionOf(registry.ExtensionsOf(type).Select(e => e.Type));

    private List<OutputField> Fields(Type type, ComplexType owner)
    {
        var extensions = registry.ExtensionsOf(type).ToList();
        var ignored = extensions.SelectMany(e => e.Attribute.IgnoreProperties).ToHashSet();
        var fields = new List<OutputField>();
        var node = NodeAttributeOf(type, extensions.Select(e => e.Type));
        if (node is not null && owner is ObjectType o)
        {
            fields.Add(registry.Nodes.IdField(type, o, node));
            ignored.Add(node.IdField);
            registry.Nodes.Add(type, o, node, extensions.Select(e => e.Type));
        }

        foreach (var property in ClrTypes.Properties(type))
        {
            if (!ignored.Contains(property.Name) && !property.IsDefined(typeof(GraphQLIgnoreAttribute)) && property.PropertyType != typeof(Type))
                fields.Add(Property(property));
        }

        foreach (var method in SchemaBuilder.Methods(type).Where(m => !m.IsStatic && IsField(m) && !ignored.Contains(m.Name)))
            fields.Add(Method(method, type));
        foreach (var method in extensions.SelectMany(e => SchemaBuilder.Methods(e.Type)).Where(IsField))
        {
            var field = Method(method, type);
            var hidden = fields.FindIndex(f => f.Name == field.Name);
            if (hidden >= 0)
                fields[hidden] = field;
            else
                fields.Add(field);
        }

        return fields;
    }

    private static NodeAttribute? NodeAttributeOf(Type type, IEnumerable<Type> extensions) =>
        extensions.Prepend(type).Select(t => t.GetCustomAttribute<NodeAttribute>()).FirstOrDefault(a => a is not null);

    private static bool IsField(MethodInfo method) =>
        !method.IsDefined(typeof(NodeResolverAttribute)) && !method.IsDefined(typeof(DataLoaderAttribute));

    /// <summary>The concrete classes of its assembly that are of an interface, union or abstract class.</summary>
    private static IEnumerable<Type> Implementations(Type type) => type.Assembly.GetTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false } && type.IsAssignableFrom(t) && !t.IsDefined(typeof(GraphQLIgnoreAttribute)))
        .OrderBy(t => t.MetadataToken);
}
