using System.Reflection;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Objects with a global id, found by it. Source: Relay, GraphQL Global Object Identification Specification.</summary>
internal sealed class NodeFields(TypeRegistry registry)
{
    private readonly Dictionary<string, Func<ResolverContext, string, ValueTask<object?>>> _resolvers = new(StringComparer.Ordinal);
    private InterfaceType? _node;

    private InterfaceType Node => _node ??= registry.Find("Node") as InterfaceType ?? registry.Register(new InterfaceType("Node")
    {
        Description = "An object that its id finds.",
        Fields = new([new("id", new NonNullType(IdType.Instance)) { Description = "Opaque, of this object alone." }]),
    });

    /// <summary>The field <c>id</c> of an object: its global id.</summary>
    public OutputField IdField(Type type, ObjectType owner, NodeAttribute attribute)
    {
        var property = ClrTypes.Properties(type).FirstOrDefault(p => p.Name == attribute.IdField)
            ?? throw new SchemaException([$"{type} is a node and has no property {attribute.IdField}."]);
        var read = Getters.For(property);
        registry.Objects.Implement(owner, Node);
        return new("id", new NonNullType(IdType.Instance))
        {
            Description = registry.Documentation.Of(property) ?? "Opaque, of this object alone.",
            Property = source => new NodeId(owner.Name, Convert.ToString(read(source), System.Globalization.CultureInfo.InvariantCulture) ?? "").ToString(),
        };
    }

    public void Add(Type type, ObjectType owner, NodeAttribute attribute, IEnumerable<Type> extensions)
    {
        var method = new[] { attribute.NodeResolverType }.OfType<Type>().Append(type).Concat(extensions)
            .SelectMany(SchemaBuilder.Methods)
            .FirstOrDefault(m => m.IsDefined(typeof(NodeResolverAttribute)))
            ?? throw new SchemaException([$"{type} is a node and has no [NodeResolver]."]);
        var key = method.GetParameters()[0];
        var convert = InputConverter.For(key.ParameterType, StringType.Instance);
        var call = registry.Resolvers.Call(method, null, [], extra: key);
        var adapt = TaskAdapter.For(method.ReturnType);
        _resolvers[owner.Name] = (context, text) =>
        {
            object? value;
            try
            {
                value = convert is null ? text : convert(text);
            }
            catch (LeafCoercionException)
            {
                return new((object?)null);
            }

            return adapt(call(context, value));
        };
    }

    /// <summary><c>node</c> and <c>nodes</c>.</summary>
    public IEnumerable<OutputField> RootFields()
    {
        yield return new("node", Node)
        {
            Description = "An object by its id; null where there is none, or none for this caller.",
            Arguments = new([new("id", new NonNullType(IdType.Instance), null) { Description = "As an object's `id` says." }]),
            Resolver = context => FindAsync((ResolverContext)context, context.ArgumentValue<string>("id")),
        };
        yield return new("nodes", new NonNullType(new ListType(Node)))
        {
            Description = "Objects by their ids, in that order; null in the place of one that is not found.",
            Arguments = new([new("ids", new NonNullType(new ListType(new NonNullType(IdType.Instance))), null) { Description = "As objects' `id`s say." }]),
            Resolver = FindAllAsync,
            ListSize = new SizeOfIds(),
        };
    }

    private async ValueTask<object?> FindAllAsync(IResolverContext context)
    {
        var ids = context.ArgumentValue<object?[]>("ids");
        // All at once, so that a loader reads them together.
        var nodes = ids.Select(id => FindAsync((ResolverContext)context, (string)id!).AsTask()).ToArray();
        return await Task.WhenAll(nodes);
    }

    private ValueTask<object?> FindAsync(ResolverContext context, string text)
    {
        if (NodeId.TryParse(text) is not { } id || !_resolvers.TryGetValue(id.TypeName, out var resolve))
            throw new GraphQLException(new Error("The id is none of a node.") { Code = ErrorCodes.BadUserInput });
        return resolve(context, id.Key);
    }

    private sealed class SizeOfIds : ListSizeAttribute
    {
        public override double GetSize(IReadOnlyDictionary<string, object?> arguments) =>
            arguments.GetValueOrDefault("ids") is object?[] ids ? ids.Length : AssumedSize;
    }
}
