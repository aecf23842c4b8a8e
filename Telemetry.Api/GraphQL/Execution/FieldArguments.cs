using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>The values of a field's arguments. Source: GraphQL, September 2025, 6.4.1.</summary>
internal static class FieldArguments
{
    /// <summary>In the order of the field's arguments; null for one that was not given and has no default.</summary>
    /// <exception cref="LeafCoercionException">A value does not fit.</exception>
    public static object?[] Coerce(Selection selection, IReadOnlyDictionary<string, object?> variables)
    {
        var arguments = selection.Field.Arguments;
        if (arguments.Count == 0)
            return [];
        var nodes = selection.Nodes[0].Arguments;
        var values = new object?[arguments.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var argument = arguments[i];
            var node = nodes.FirstOrDefault(n => n.Name.Value == argument.Name);
            var value = ValueOf(argument, node, variables);
            values[i] = argument.Convert is { } convert ? convert(value) : value;
        }

        return values;
    }

    private static object? ValueOf(InputField argument, ArgumentNode? node, IReadOnlyDictionary<string, object?> variables)
    {
        if (node is not null && !(node.Value is VariableNode v && !variables.ContainsKey(v.Name)))
        {
            try
            {
                return InputCoercion.CoerceLiteral(node.Value, argument.Type, variables);
            }
            catch (LeafCoercionException e)
            {
                throw new LeafCoercionException($"Argument \"{argument.Name}\": {e.Message}");
            }
        }

        return argument.IsRequired
            ? throw new LeafCoercionException($"Argument \"{argument.Name}\" of type {argument.Type} was not given.")
            : argument.CoercedDefault;
    }
}
