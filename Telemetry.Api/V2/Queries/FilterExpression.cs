using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Api.Auth;
using Telemetry.Domain;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2.Queries;

/// <summary>Reads the filter of a complex query: JSON objects with one key each, an operator.</summary>
/// <remarks>Grammar: <c>expr := {"and"|"or": [expr, expr, ...]} | {"not": expr} | {op: {field: value}} | {"in": {field: [value, ...]}}</c>, operators
/// in any case. Source: ceilometer/api/controllers/v2/query.py (ValidatedComplexQuery) of 9.0.7.</remarks>
internal sealed class FilterExpression
{
    /// <summary>How deep objects and lists may lie in each other; two levels for each and, or.</summary>
    public const int MaxDepth = 128;

    /// <summary>The most values that a filter compares with.</summary>
    public const int MaxValues = 1_000;

    public const int MaxPatterns = 20;
    public const int MaxPatternLength = 1_000;

    /// <summary>For patterns that only a backtracking engine can match (lookarounds, backreferences): how long one text may take.</summary>
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(50);

    private readonly ComplexFields _fields;
    private readonly Scope _scope;
    private int _values;
    private int _patterns;

    private FilterExpression(ComplexFields fields, Scope scope) => (_fields, _scope) = (fields, scope);

    /// <param name="text">JSON.</param>
    /// <exception cref="ApiException">400: no such expression. 401: it names another project. 501: <c>in</c> on metadata.</exception>
    public static Predicate Parse(string text, ComplexFields fields, Scope scope)
    {
        JsonElement root;
        try
        {
            root = JsonElement.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
            JsonText.Demand(root);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Invalid(e.Message);
        }
        return new FilterExpression(fields, scope).Expression(root);
    }

    private Predicate Expression(JsonElement expression)
    {
        var (op, operand) = Only(expression, "an operator");
        return op.ToLowerInvariant() switch
        {
            "and" => new Predicate.All(Operands(op, operand)),
            "or" => new Predicate.Any(Operands(op, operand)),
            "not" => Expression(operand) is var inner && inner is Predicate.Not twice ? twice.Operand : new Predicate.Not(inner),
            "=" => Compare(Comparison.Equal, operand),
            "!=" => Compare(Comparison.NotEqual, operand),
            "<" => Compare(Comparison.Less, operand),
            "<=" or "=<" => Compare(Comparison.LessOrEqual, operand),
            ">" => Compare(Comparison.Greater, operand),
            ">=" or "=>" => Compare(Comparison.GreaterOrEqual, operand),
            "=~" => Matches(operand),
            "in" => OneOf(operand),
            _ => throw Invalid($"{PythonText.Quote(op)} is no operator"),
        };
    }

    private List<Predicate> Operands(string op, JsonElement operands) => operands.ValueKind == JsonValueKind.Array && operands.GetArrayLength() >= 2
        ? [.. operands.EnumerateArray().Select(Expression)]
        : throw Invalid($"{PythonText.Repr(operands)} is no list of two or more expressions for {PythonText.Quote(op)}");

    private Predicate.Compare Compare(Comparison comparison, JsonElement operand)
    {
        var (field, value) = FieldAndValue(operand);
        var expected = Value(field, value);
        DemandOwn(field, value);
        return new(field, comparison, expected);
    }

    private Predicate.Matches Matches(JsonElement operand)
    {
        var (field, value) = FieldAndValue(operand);
        if (value.ValueKind != JsonValueKind.String)
            throw Invalid($"{PythonText.Repr(value)} is no regular expression");
        DemandOwn(field, value);
        return new(field, Pattern(value.GetString()!));
    }

    private Predicate.OneOf OneOf(JsonElement operand)
    {
        var (field, list) = FieldAndValue(operand);
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw Invalid($"{PythonText.Repr(list)} is no list of one or more values");
        if (list.EnumerateArray().FirstOrDefault(v => v.ValueKind is not (JsonValueKind.String or JsonValueKind.Number)) is { ValueKind: not JsonValueKind.Undefined } wrong)
            throw Invalid($"{PythonText.Repr(wrong)} is not of type 'string', 'number'");
        if (field.IsMetadata)
            throw new ApiException(StatusCodes.Status501NotImplemented, "Metadata query with in operator is not implemented");
        var values = list.EnumerateArray().Select(v => Value(field, v)).ToList();
        DemandOwn(field, list);
        return new(field, values);
    }

    private (Field Field, JsonElement Value) FieldAndValue(JsonElement operand)
    {
        var (name, value) = Only(operand, "a field");
        return (_fields.Find(name) ?? throw Invalid($"{PythonText.Quote(name)} is no field"), value);
    }

    private QueryValue Value(Field field, JsonElement value)
    {
        if (++_values > MaxValues)
            throw Invalid($"it compares with more than {MaxValues} values");
        if (ComplexFields.IsInstant(field) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)
        {
            var text = PythonText.Of(value);
            return IsoTimestamp.Parse(text) is { } at
                ? QueryValue.Instant(at.Naive)
                : throw ApiException.BadRequest($"Failed to parse the timestamp value {text}");
        }
        return value.ValueKind switch
        {
            JsonValueKind.String => QueryValue.Of(value.GetString()),
            JsonValueKind.True => QueryValue.Of(true),
            JsonValueKind.False => QueryValue.Of(false),
            JsonValueKind.Number => Number(value),
            _ => throw Invalid($"{PythonText.Repr(value)} is not of type 'string', 'number', 'boolean'"),
        };
    }

    private static QueryValue Number(JsonElement value)
    {
        if (value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 && value.TryGetInt64(out var integer))
            return QueryValue.Of(integer);
        var number = value.GetDouble();
        return double.IsFinite(number) ? QueryValue.Of(number) : throw Invalid($"{value.GetRawText()} is too large a number");
    }

    private Regex Pattern(string pattern)
    {
        if (++_patterns > MaxPatterns || ++_values > MaxValues)
            throw Invalid($"it has more than {MaxPatterns} regular expressions");
        if (pattern.Length > MaxPatternLength)
            throw Invalid($"a regular expression has {pattern.Length} characters, at most {MaxPatternLength} are allowed");
        try
        {
            try
            {
                return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            }
            catch (NotSupportedException)
            {
                return new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
            }
        }
        catch (ArgumentException e)
        {
            throw Invalid(e.Message);
        }
    }

    /// <summary>A limited caller may compare its project with its own alone, and with nothing in a list.</summary>
    private void DemandOwn(Field field, JsonElement value)
    {
        if (field == _fields.Visibility)
            _scope.Demand(PythonText.Of(value));
    }

    private static (string Name, JsonElement Value) Only(JsonElement element, string what)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            using var properties = element.EnumerateObject();
            if (properties.MoveNext() && properties.Current is var only && !properties.MoveNext())
                return (only.Name, only.Value);
        }
        throw Invalid($"{PythonText.Repr(element)} is no object with one key, {what}");
    }

    private static ApiException Invalid(string message) => ApiException.BadRequest($"Filter expression not valid: {message}");
}
