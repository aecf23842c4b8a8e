namespace Telemetry.Api.GraphQL.Types;

/// <summary>Finds input objects that no finite value can satisfy. Source: GraphQL, September 2025, 3.10 «Circular References» and 3.13 «OneOf».</summary>
/// <remarks>Works by fixpoint, not by recursion: a type can be given once all its required fields can (one of them, with @oneOf).</remarks>
internal sealed class InputCycles(List<string> errors)
{
    public void Check(IEnumerable<InputObjectType> types)
    {
        var open = types.Where(t => t.Fields.Count > 0).ToHashSet();
        int before;
        do
        {
            before = open.Count;
            open.RemoveWhere(t => t.IsOneOf ? t.Fields.Any(f => !Waits(f.Type, open)) : !t.Fields.Any(f => f.Type is NonNullType n && Waits(n.OfType, open)));
        }
        while (open.Count < before);

        foreach (var type in open)
            errors.Add($"{type} cannot be given: its required fields lead back to it.");
    }

    private static bool Waits(GraphQLType type, HashSet<InputObjectType> open) => type is InputObjectType input && open.Contains(input);
}
