using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Schema;

/// <summary>Ids as clients give them: an object's <c>id</c>, or the one that the REST API knows it by.</summary>
internal static class GlobalIds
{
    private static readonly string[] TypeNames = ["Meter", "Resource", "Sample", "Alarm", "Event"];

    /// <summary>The key within the type.</summary>
    /// <exception cref="Execution.GraphQLException">It is the id of an object of another type.</exception>
    public static string KeyOf(string id, string typeName) => NodeId.TryParse(id) is { } node && TypeNames.Contains(node.TypeName)
        ? node.TypeName == typeName ? node.Key : throw Refused.BadInput($"\"{id}\" is the id of a {node.TypeName}, not of type {typeName}.")
        : id;
}
