using Telemetry.Api.GraphQL.Types.Introspection;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>Finds every type that a schema's roots and directives lead to, without recursion: a chain of types may be long.</summary>
internal sealed class TypeCollector
{
    private readonly List<NamedType> _types = [];
    private readonly HashSet<NamedType> _seen = [];

    public IReadOnlyList<NamedType> Collect(SchemaDefinition definition, IEnumerable<DirectiveType> directives)
    {
        Add(definition.Query);
        Add(definition.Mutation);
        Add(definition.Subscription);
        foreach (var type in definition.Types)
            Add(type);
        foreach (var argument in directives.SelectMany(d => d.Arguments))
            Add(argument.Type.Named);
        Add(IntrospectionTypes.Schema);
        for (var i = 0; i < _types.Count; i++)
            AddReferences(_types[i]);
        return _types;
    }

    private void Add(NamedType? type)
    {
        if (type is not null && _seen.Add(type))
            _types.Add(type);
    }

    private void AddReferences(NamedType type)
    {
        switch (type)
        {
            case ComplexType complex:
                foreach (var @interface in complex.Interfaces)
                    Add(@interface);
                foreach (var field in complex.Fields)
                {
                    foreach (var argument in field.Arguments)
                        Add(argument.Type.Named);
                    Add(field.Type.Named);
                }

                break;
            case UnionType union:
                foreach (var member in union.Types)
                    Add(member);
                break;
            case InputObjectType input:
                foreach (var field in input.Fields)
                    Add(field.Type.Named);
                break;
        }
    }
}
