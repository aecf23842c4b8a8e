using System.Reflection;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Makes a schema of C# types.</summary>
internal sealed class SchemaBuilder
{
    private readonly List<Type> _query = [];
    private readonly List<Type> _mutation = [];
    private readonly List<Type> _subscription = [];
    private readonly List<Type> _types = [];
    private readonly List<Type> _extensions = [];
    private readonly List<DirectiveType> _directives = [];
    private string? _description;
    private bool _hasNodes;

    /// <summary>Classes of root fields, objects, inputs and extensions, each by its attribute.</summary>
    public SchemaBuilder AddTypes(params IEnumerable<Type> types)
    {
        foreach (var type in types)
        {
            if (type.IsDefined(typeof(QueryTypeAttribute)))
                _query.Add(type);
            else if (type.IsDefined(typeof(MutationTypeAttribute)))
                _mutation.Add(type);
            else if (type.IsDefined(typeof(SubscriptionTypeAttribute)))
                _subscription.Add(type);
            else if (type.GetCustomAttributes().OfType<IExtendsType>().Any())
                _extensions.Add(type);
            else
                _types.Add(type);
        }

        return this;
    }

    public SchemaBuilder AddType<T>() => AddTypes(typeof(T));

    public SchemaBuilder AddQueryType(Type type)
    {
        _query.Add(type);
        return this;
    }

    /// <summary>Every class of an assembly that has one of the attributes.</summary>
    /// <param name="assembly">Whose classes.</param>
    /// <param name="within">The namespace that they are in or below; null for any.</param>
    public SchemaBuilder AddTypesOf(Assembly assembly, string? within = null) => AddTypes(assembly.GetTypes().Where(t =>
        (within is null || t.Namespace == within || t.Namespace?.StartsWith(within + ".", StringComparison.Ordinal) == true)
        && t.GetCustomAttributes().Any(a => a is QueryTypeAttribute or MutationTypeAttribute or SubscriptionTypeAttribute or ObjectTypeAttribute or IExtendsType)));

    public SchemaBuilder AddDirective(DirectiveType directive)
    {
        _directives.Add(directive);
        return this;
    }

    public SchemaBuilder SetDescription(string description)
    {
        _description = description;
        return this;
    }

    /// <summary>Adds <c>node</c> and <c>nodes</c> to the query type.</summary>
    public SchemaBuilder AddGlobalObjectIdentification()
    {
        _hasNodes = true;
        return this;
    }

    /// <param name="services">Tells which parameters are services; null where only those marked are.</param>
    /// <param name="loaders">Gets the loaders that <see cref="DataLoaderAttribute"/> makes.</param>
    /// <exception cref="SchemaException">The types make no valid schema.</exception>
    public Schema Build(IServiceProviderIsService? services = null, DataLoaderRegistry? loaders = null)
    {
        var registry = new TypeRegistry(services, _extensions);
        if (loaders is not null)
        {
            foreach (var method in _query.Concat(_mutation).Concat(_subscription).Concat(_extensions).Concat(_types).SelectMany(Methods))
                DataLoaderMethods.Register(method, registry, loaders);
        }

        var query = new ObjectType("Query") { Description = registry.DescriptionOf(_query) };
        var mutation = _mutation.Count > 0 ? new ObjectType("Mutation") { Description = registry.DescriptionOf(_mutation) } : null;
        var subscription = _subscription.Count > 0 ? new ObjectType("Subscription") { Description = registry.DescriptionOf(_subscription) } : null;
        foreach (var type in _types)
            registry.AddOutput(type);
        var queryFields = registry.Objects.FieldsOfResolvers(_query);
        if (mutation is not null)
            mutation.Fields = new(_mutation.SelectMany(Methods).Select(registry.Mutations.Field));
        if (subscription is not null)
            subscription.Fields = new(_subscription.SelectMany(registry.Subscriptions.Fields));
        registry.Complete();
        query.Fields = new(_hasNodes ? [.. registry.Nodes.RootFields(), .. queryFields] : queryFields);
        return Schema.Create(new(query)
        {
            Mutation = mutation,
            Subscription = subscription,
            Description = _description,
            Types = registry.OutputTypes,
            Directives = _directives,
        });
    }

    internal static IEnumerable<MethodInfo> Methods(Type type) =>
        type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(m => !ClrTypes.IsPlumbing(m) && !m.IsDefined(typeof(GraphQLIgnoreAttribute)))
            .OrderBy(m => m.MetadataToken);
}
