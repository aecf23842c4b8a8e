using System.Numerics;
using System.Text.Json;
using Telemetry.Domain;

namespace Telemetry.Api.V2.Calls;

/// <summary>The arguments of one request, out of its query string and its JSON body, checked against what the endpoint takes.</summary>
/// <remarks>Rules and messages are those of WSME, on which Ceilometer's API stood (wsme/rest/args.py, wsme/rest/json.py).</remarks>
internal sealed class Arguments
{
    /// <summary>The most conditions, aggregates or group fields of one request.</summary>
    public const int MaxItems = 1_000;

    private readonly Dictionary<Argument, object> _values = [];

    private Arguments()
    {
    }

    /// <summary>Reads query string and body; the endpoint's <see cref="TakesArguments"/> says what may be in them.</summary>
    /// <exception cref="ApiException">400 for what cannot be read or is not taken; 413, 414, 415.</exception>
    public static async Task<Arguments> ReadAsync(HttpContext context)
    {
        var arguments = OfQueryString(context);
        if (await JsonBody.ReadAsync(context) is { } body)
            arguments.Merge(body, Taken(context));
        return arguments;
    }

    /// <summary>Reads the query string alone, for a call whose body is something of its own.</summary>
    /// <exception cref="ApiException">As <see cref="ReadAsync"/>.</exception>
    public static Arguments OfQueryString(HttpContext context) => Parse(context.Request.QueryString.Value, Taken(context));

    /// <summary>Reads a query string.</summary>
    public static Arguments Parse(string? queryString, IReadOnlyList<Argument> taken)
    {
        var arguments = new Arguments();
        var values = QueryParameters.Parse(queryString).ToLookup(p => p.Key, p => p.Value);
        var known = new HashSet<string>();
        foreach (var argument in taken)
        {
            known.Add(argument.Name);
            known.UnionWith(argument.Attributes.Select(a => $"{argument.Name}.{a}"));
            if (FromText(argument, values) is { } value)
                arguments._values.Add(argument, value);
        }
        var unknown = values.Select(v => v.Key).Where(k => !known.Contains(k)).ToList();
        return unknown.Count == 0 ? arguments : throw ApiException.UnknownArgument(string.Join(", ", unknown));
    }

    /// <summary>Adds the keys of a JSON object.</summary>
    public void Merge(JsonElement body, IReadOnlyList<Argument> taken)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw ApiException.BadRequest("Request must be a JSON dict");
        var unknown = new List<string>();
        foreach (var property in body.EnumerateObject())
        {
            if (taken.FirstOrDefault(a => a.Name == property.Name) is not { } argument)
                unknown.Add(property.Name);
            else if (property.Value.ValueKind != JsonValueKind.Null && !_values.TryAdd(argument, FromJson(argument, property.Value)))
                throw ApiException.BadRequest($"Parameter {argument.Name} was given several times");
        }
        if (unknown.Count > 0)
            throw ApiException.UnknownArgument(string.Join(", ", unknown));
    }

    public BigInteger? Integer(Argument argument) => _values.TryGetValue(argument, out var value) ? (BigInteger)value : null;

    public string? Text(Argument argument) => _values.TryGetValue(argument, out var value) ? (string)value : null;

    public IReadOnlyList<string> Texts(Argument argument) => _values.TryGetValue(argument, out var value) ? (IReadOnlyList<string>)value : [];

    /// <summary>The objects of <see cref="ArgumentKind.Groups"/>, each its values in the order of <see cref="Argument.Attributes"/>, null where not given.</summary>
    public IReadOnlyList<string?[]> Groups(Argument argument) => _values.TryGetValue(argument, out var value) ? (IReadOnlyList<string?[]>)value : [];

    private static IReadOnlyList<Argument> Taken(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<TakesArguments>()?.Arguments ?? [];

    private static object? FromText(Argument argument, ILookup<string, string> values)
    {
        var given = values[argument.Name].ToList();
        switch (argument.Kind)
        {
            case ArgumentKind.Groups:
                if (given.Count > 0)
                    throw ApiException.InvalidInput(argument.Name, given[0], $"Write {string.Join(" and ", argument.Mandatory.Select(a => $"{argument.Name}.{a}"))} instead.");
                return Group(argument, argument.Attributes.Select(a => values[$"{argument.Name}.{a}"].ToList()).ToList());
            case var _ when given.Count == 0:
                return null;
            case ArgumentKind.TextList:
                return given;
            case ArgumentKind.Integer:
                return given.Count == 1
                    ? PythonInteger.Demand(argument.Name, given[0])
                    : throw ApiException.InvalidInput(argument.Name, PythonList(given), "unable to convert to int. Error: int() argument must be a string or a number, not 'list'");
            default:
                return given.Count == 1 ? given[0] : throw ApiException.InvalidInput(argument.Name, PythonList(given), "It is given more than once.");
        }
    }

    private static List<string?[]>? Group(Argument argument, List<List<string>> columns)
    {
        var count = columns.Max(c => c.Count);
        if (count == 0)
            return null;
        DemandCount(argument, count);
        return [.. Enumerable.Range(0, count).Select(i => columns.Select(c => c.ElementAtOrDefault(i)).ToArray())];
    }

    private static object FromJson(Argument argument, JsonElement value)
    {
        switch (argument.Kind)
        {
            case ArgumentKind.Integer:
                return PythonInteger.Demand(argument.Name, value);
            case ArgumentKind.Text when value.ValueKind is JsonValueKind.String or JsonValueKind.True or JsonValueKind.False:
                return PythonText.Of(value);
            case ArgumentKind.TextList when value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(i => i.ValueKind == JsonValueKind.String):
                DemandCount(argument, value.GetArrayLength());
                return value.EnumerateArray().Select(i => i.GetString()!).ToList();
            case ArgumentKind.Groups when value.ValueKind == JsonValueKind.Array:
                DemandCount(argument, value.GetArrayLength());
                return value.EnumerateArray().Select(item => GroupFromJson(argument, item)).ToList();
            default:
                throw ApiException.InvalidInput(argument.Name, PythonText.Of(value), $"It must be a {(argument.Kind == ArgumentKind.Text ? "text" : "list")}.");
        }
    }

    private static string?[] GroupFromJson(Argument argument, JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw ApiException.InvalidInput(argument.Name, PythonText.Of(item), "It must be a list of objects.");
        var unknown = item.EnumerateObject().Select(p => p.Name).Where(n => !argument.Attributes.Contains(n)).ToList();
        if (unknown.Count > 0)
            throw ApiException.UnknownAttribute(argument.Name, string.Join(", ", unknown));
        var group = new string?[argument.Attributes.Count];
        for (var i = 0; i < group.Length; i++)
        {
            var name = argument.Attributes[i];
            var given = item.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
            if (given && value.ValueKind != JsonValueKind.String)
                throw ApiException.InvalidInput(name, PythonText.Of(value), "It must be a text.");
            if (!given && argument.Mandatory.Contains(name))
                throw ApiException.MandatoryFieldMissing(name);
            group[i] = given ? value.GetString() : null;
        }
        return group;
    }

    private static void DemandCount(Argument argument, int count)
    {
        if (count > MaxItems)
            throw ApiException.InvalidInput(argument.Name, $"{count} items", $"There are at most {MaxItems} of them.");
    }

    private static string PythonList(IEnumerable<string> items) => $"[{string.Join(", ", items.Select(PythonText.Quote))}]";
}
