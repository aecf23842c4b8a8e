using System.Text.Json;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>The values of an operation's variables. Source: GraphQL, September 2025, 6.1.2.</summary>
internal static class VariableCoercion
{
    /// <param name="maxErrors">More are not told.</param>
    /// <returns>The values, or the errors; one of them is empty.</returns>
    public static (IReadOnlyDictionary<string, object?> Values, IReadOnlyList<IError> Errors) Coerce(
        Types.Schema schema, DocumentNode document, OperationDefinitionNode operation, JsonElement? given, int maxErrors)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        var errors = new List<IError>();
        foreach (var definition in operation.VariableDefinitions)
        {
            if (errors.Count == maxErrors)
                break;
            var name = definition.Variable.Name.Value;
            try
            {
                var type = TypeReferences.Resolve(schema, definition.Type)!;
                if (given is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out var value))
                    values[name] = InputCoercion.CoerceJson(value, type, "");
                else if (definition.DefaultValue is { } literal)
                    values[name] = InputCoercion.CoerceConstant(literal, type);
                else if (type.IsNonNull)
                    throw new LeafCoercionException($"It is of type {type}, and was not given.");
            }
            catch (LeafCoercionException e)
            {
                errors.Add(new Error($"Variable \"${name}\" got an invalid value. {e.Message}")
                {
                    Code = ErrorCodes.BadUserInput,
                    Locations = [document.LocationOf(definition.Start)],
                });
            }
        }

        return errors.Count == 0 ? (values, []) : (new Dictionary<string, object?>(), errors);
    }
}
