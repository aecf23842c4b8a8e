using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>Types that a document names.</summary>
internal static class TypeReferences
{
    /// <summary>Null where the schema has no type of the name.</summary>
    public static GraphQLType? Resolve(Schema schema, TypeNode node) => Resolve(node, schema.FindType);

    public static GraphQLType? Resolve(TypeNode node, Func<string, NamedType?> find) => node switch
    {
        NamedTypeNode n => find(n.Name),
        ListTypeNode n => Resolve(n.Type, find) is { } inner ? new ListType(inner) : null,
        NonNullTypeNode n => Resolve(n.Type, find) is { } inner ? new NonNullType(inner) : null,
        _ => null,
    };
}
