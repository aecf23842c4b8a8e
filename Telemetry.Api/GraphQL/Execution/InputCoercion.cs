using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Turns literals and JSON into values of input types. Source: GraphQL, September 2025, «Input Coercion» of section 3 and 6.4.1.</summary>
/// <remarks>
/// A list becomes an <c>object?[]</c>, an input object what its type makes of an <see cref="InputObject"/>. Recursion follows the value,
/// whose depth the parser or the JSON reader has bounded.
/// </remarks>
internal static class InputCoercion
{
    private static readonly Dictionary<string, object?> NoVariables = [];

    /// <exception cref="LeafCoercionException">The literal does not fit.</exception>
    public static object? CoerceConstant(ValueNode literal, GraphQLType type) => CoerceLiteral(literal, type, NoVariables);

    /// <summary>A literal with the values of its variables; a variable without value counts as null, in an object's field as absent.</summary>
    /// <param name="variables">Coerced; a variable that is neither given nor has a default is not in it.</param>
    /// <exception cref="LeafCoercionException">The literal does not fit.</exception>
    public static object? CoerceLiteral(ValueNode literal, GraphQLType type, IReadOnlyDictionary<string, object?> variables)
    {
        if (literal is VariableNode variable)
        {
            // Validation has seen to its type; only a null can have come in by a nullable variable with a default.
            var value = variables.GetValueOrDefault(variable.Name.Value);
            return value is null && type.IsNonNull ? throw NotNull(type) : value;
        }

        if (type is NonNullType nonNull)
            return literal is NullValueNode ? throw NotNull(type) : CoerceLiteral(literal, nonNull.OfType, variables);
        if (literal is NullValueNode)
            return null;
        return type switch
        {
            ListType list when literal is ListValueNode l => Map(l.Items, item => CoerceLiteral(item, list.OfType, variables)),
            ListType list => new[] { CoerceLiteral(literal, list.OfType, variables) },
            InputObjectType input => CoerceObject(literal, input, variables),
            EnumType e => literal is EnumValueNode v && e.Values.TryFind(v.Value, out var found) ? found.Value : throw NoValue(e, literal.ToString()),
            ScalarType s => s.ParseLiteral(literal, variables),
            _ => throw new LeafCoercionException($"{type} is no input type."),
        };
    }

    /// <summary>A variable's value, or a part of it.</summary>
    /// <param name="path">Where in the variable the value stands, such as <c>.where.in[2]</c>; for errors.</param>
    /// <exception cref="LeafCoercionException">The value does not fit.</exception>
    public static object? CoerceJson(JsonElement json, GraphQLType type, string path = "")
    {
        if (type is NonNullType nonNull)
            return json.ValueKind == JsonValueKind.Null ? throw At(path, NotNull(type)) : CoerceJson(json, nonNull.OfType, path);
        if (json.ValueKind == JsonValueKind.Null)
            return null;
        try
        {
            switch (type)
            {
                case ListType list when json.ValueKind == JsonValueKind.Array:
                    var items = new object?[json.GetArrayLength()];
                    var i = 0;
                    foreach (var item in json.EnumerateArray())
                    {
                        items[i] = CoerceJson(item, list.OfType, $"{path}[{i}]");
                        i++;
                    }

                    return items;
                case ListType list:
                    return new[] { CoerceJson(json, list.OfType, path) };
                case InputObjectType input:
                    return CoerceObject(json, input, path);
                case EnumType e:
                    return json.ValueKind == JsonValueKind.String && e.Values.TryFind(json.GetString()!, out var found)
                        ? found.Value
                        : throw NoValue(e, json.GetRawText());
                case ScalarType s:
                    return s.ParseValue(json);
                default:
                    throw new LeafCoercionException($"{type} is no input type.");
            }
        }
        catch (LeafCoercionException e) when (path.Length > 0 && e is not LocatedException)
        {
            throw At(path, e);
        }
    }

    private static object CoerceObject(ValueNode literal, InputObjectType type, IReadOnlyDictionary<string, object?> variables)
    {
        if (literal is not ObjectValueNode { Fields: var given })
            throw new LeafCoercionException($"{type} is an input object, not {literal}.");
        var result = new InputObject();
        foreach (var node in given)
        {
            if (!type.Fields.TryFind(node.Name, out var field))
                throw UnknownField(type, node.Name);
            if (node.Value is VariableNode v && !variables.ContainsKey(v.Name.Value))
                continue;
            result[field.Name] = CoerceLiteral(node.Value, field.Type, variables);
        }

        // A variable without a value is an error here, though it leaves any other field out.
        if (type.IsOneOf && given.Count != result.Count)
            throw NotOne(type);
        return Complete(type, result);
    }

    private static object CoerceObject(JsonElement json, InputObjectType type, string path)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new LeafCoercionException($"{type} is an input object.");
        var result = new InputObject();
        foreach (var property in json.EnumerateObject())
        {
            if (!type.Fields.TryFind(property.Name, out var field))
                throw UnknownField(type, property.Name);
            result[field.Name] = CoerceJson(property.Value, field.Type, $"{path}.{property.Name}");
        }

        return Complete(type, result);
    }

    private static object Complete(InputObjectType type, InputObject result)
    {
        if (type.IsOneOf && (result.Count != 1 || result.Values.First() is null))
            throw NotOne(type);
        foreach (var field in type.Fields)
        {
            if (result.ContainsKey(field.Name))
                continue;
            if (field.DefaultValue is not null)
                result[field.Name] = field.CoercedDefault;
            else if (field.Type.IsNonNull)
                throw new LeafCoercionException($"Field \"{field.Name}\" of type {field.Type} was not given for {type}.");
        }

        return type.CreateInstance is { } create ? create(result) : result;
    }

    private static object?[] Map(IReadOnlyList<ValueNode> items, Func<ValueNode, object?> coerce)
    {
        var result = new object?[items.Count];
        for (var i = 0; i < result.Length; i++)
            result[i] = coerce(items[i]);
        return result;
    }

    private static LeafCoercionException NotNull(GraphQLType type) => new($"A value of type {type} is never null.");

    private static LeafCoercionException NotOne(InputObjectType type) => new($"{type} takes exactly one field, and that not null.");

    private static LeafCoercionException NoValue(EnumType type, string text) => new($"Enum {type} has no value {text}.");

    private static LeafCoercionException UnknownField(InputObjectType type, string name) => new($"Field \"{name}\" is not defined by {type}.");

    private static LocatedException At(string path, LeafCoercionException e) =>
        new(path.Length > 0 ? $"{e.Message} (at \"{path.TrimStart('.')}\")" : e.Message);

    /// <summary>Its message says the place already.</summary>
    [SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Never leaves this class as itself.")]
    private sealed class LocatedException(string message) : LeafCoercionException(message);
}
