using System.Reflection;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>The types and arguments of pages. Source: Relay, GraphQL Cursor Connections Specification.</summary>
internal sealed class ConnectionTypes(TypeRegistry registry)
{
    private readonly Dictionary<string, (ObjectType Connection, Type Item, bool HasTotal)> _known = new(StringComparer.Ordinal);
    private ObjectType? _pageInfo;

    public static List<InputField> Arguments(UsePagingAttribute paging)
    {
        List<InputField> arguments =
        [
            new("first", IntType.Instance, null) { Description = "The first so many." },
            new("after", StringType.Instance, null) { Description = "Those after the item of this cursor." },
        ];
        if (paging.AllowBackwardPagination)
        {
            arguments.Add(new("last", IntType.Instance, null) { Description = "The last so many." });
            arguments.Add(new("before", StringType.Instance, null) { Description = "Those before the item of this cursor." });
        }

        return arguments;
    }

    public static ListSizeAttribute SizeOf(UsePagingAttribute paging) => new()
    {
        AssumedSize = paging.DefaultPageSize,
        SlicingArguments = ["first", "last"],
        SizedFields = ["edges", "nodes"],
    };

    /// <exception cref="GraphQLException">The size is out of bounds, or asked for from both ends.</exception>
    public static PagingArguments PageOf(ResolverContext context, UsePagingAttribute paging)
    {
        var first = (int?)context.Arguments[0];
        var after = (string?)context.Arguments[1];
        var last = paging.AllowBackwardPagination ? (int?)context.Arguments[2] : null;
        var before = paging.AllowBackwardPagination ? (string?)context.Arguments[3] : null;
        if (first is not null && last is not null)
            throw Refuse("A page is asked for by \"first\" or by \"last\", not by both.");
        if ((first ?? last) is { } size && (size < 0 || size > paging.MaxPageSize))
            throw Refuse($"\"{(first is null ? "last" : "first")}\" is 0 to {paging.MaxPageSize}, not {size}.");
        return new(first ?? (last is null ? paging.DefaultPageSize : null), after, last, before);

        static GraphQLException Refuse(string message) => new(new Error(message) { Code = ErrorCodes.BadUserInput });
    }

    public ObjectType Of(MethodInfo method, UsePagingAttribute paging, string fieldName)
    {
        var returned = ClrTypes.TryUnwrap(method.ReturnType, out var inner) ? inner : method.ReturnType;
        if (!returned.IsGenericType || returned.GetGenericTypeDefinition() != typeof(Connection<>))
            throw new SchemaException([$"{method.DeclaringType}.{method.Name} has [UsePaging] and returns no Connection<T>."]);
        var item = returned.GetGenericArguments()[0];
        var name = paging.ConnectionName ?? NamingConventions.PascalCase(fieldName);
        if (_known.TryGetValue(name, out var known))
        {
            return known.Item == item && known.HasTotal == paging.IncludeTotalCount
                ? known.Connection
                : throw new SchemaException([$"Two connections are named {name}Connection, and differ in their items or their count."]);
        }

        var connection = registry.Register(new ObjectType($"{name}Connection") { Description = "A page of a longer list." });
        var edge = registry.Register(new ObjectType($"{name}Edge") { Description = "An item of a page." });
        _known.Add(name, (connection, item, paging.IncludeTotalCount));
        var node = registry.AddOutput(item);
        edge.Fields = new(
        [
            Field<IEdge>("cursor", new NonNullType(StringType.Instance), "The item's place, for `after` and `before`.", e => e.Cursor),
            Field<IEdge>("node", new NonNullType(node), "The item.", e => e.Node),
        ]);
        List<OutputField> fields =
        [
            Field<IConnection>("pageInfo", new NonNullType(PageInfo()), "Where the page is in its list.", c => c.PageInfo),
            Field<IConnection>("edges", new ListType(new NonNullType(edge)), "The items with their cursors.", c => c.Edges),
            Field<IConnection>("nodes", new ListType(new NonNullType(node)), "The items.", c => c.Nodes),
        ];
        if (paging.IncludeTotalCount)
            fields.Add(Field<IConnection>("totalCount", new NonNullType(LongType.Instance), "Items of the whole list.", c => c.TotalCount));
        connection.Fields = new(fields);
        return connection;
    }

    private ObjectType PageInfo()
    {
        if (_pageInfo is not null)
            return _pageInfo;
        _pageInfo = registry.Register(new ObjectType("PageInfo") { Description = "Where a page is in its list." });
        _pageInfo.Fields = new(
        [
            Field<ConnectionPageInfo>("hasNextPage", new NonNullType(BooleanType.Instance), "Whether items follow.", p => p.HasNextPage),
            Field<ConnectionPageInfo>("hasPreviousPage", new NonNullType(BooleanType.Instance), "Whether items precede.", p => p.HasPreviousPage),
            Field<ConnectionPageInfo>("startCursor", StringType.Instance, "Of the first item.", p => p.StartCursor),
            Field<ConnectionPageInfo>("endCursor", StringType.Instance, "Of the last item.", p => p.EndCursor),
        ]);
        return _pageInfo;
    }

    private static OutputField Field<T>(string name, GraphQLType type, string description, Func<T, object?> value) =>
        new(name, type) { Description = description, Property = source => value((T)source) };
}
