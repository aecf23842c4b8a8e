using System.Text.Json;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>A request that cannot be read: no GraphQL was looked at.</summary>
internal sealed class BadRequestException(string message, int status = StatusCodes.Status400BadRequest, string code = ErrorCodes.BadRequest) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;
}

/// <summary>Reads operations out of JSON and out of a query string. Unknown members are left alone.</summary>
internal static class RequestReader
{
    /// <exception cref="BadRequestException">A member is of the wrong kind.</exception>
    public static OperationRequest Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new BadRequestException($"A request is a JSON object, not {Kind(json)}.");
        return new()
        {
            Document = Text(json, "query"),
            OperationName = Text(json, "operationName"),
            Variables = Object(json, "variables"),
            PersistedHash = Hash(Object(json, "extensions")),
        };
    }

    /// <summary><c>query</c>, <c>operationName</c>, and <c>variables</c> and <c>extensions</c> as JSON.</summary>
    /// <exception cref="BadRequestException">A parameter is of the wrong kind.</exception>
    public static OperationRequest Read(IQueryCollection query, int maxJsonDepth) => new()
    {
        Document = One(query, "query"),
        OperationName = One(query, "operationName"),
        Variables = Json(query, "variables", maxJsonDepth),
        PersistedHash = Hash(Json(query, "extensions", maxJsonDepth)),
    };

    /// <exception cref="BadRequestException">The text is no JSON, or nests too deep.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8, int maxJsonDepth)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = maxJsonDepth });
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new BadRequestException($"The request is no JSON of at most {maxJsonDepth} levels: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
    }

    private static string? One(IQueryCollection query, string name) => query.TryGetValue(name, out var values) && values is [var one, ..] ? one : null;

    private static JsonElement? Json(IQueryCollection query, string name, int maxJsonDepth)
    {
        if (string.IsNullOrEmpty(One(query, name)))
            return null;
        JsonElement json;
        try
        {
            json = Parse(System.Text.Encoding.UTF8.GetBytes(One(query, name)!), maxJsonDepth);
        }
        catch (BadRequestException)
        {
            throw new BadRequestException($"The parameter \"{name}\" is no JSON of at most {maxJsonDepth} levels.");
        }

        return json.ValueKind switch
        {
            JsonValueKind.Object => json,
            JsonValueKind.Null => null,
            _ => throw new BadRequestException($"The parameter \"{name}\" is a JSON object, not {Kind(json)}."),
        };
    }

    private static string? Text(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind != JsonValueKind.String)
            throw new BadRequestException($"\"{name}\" is a string, not {Kind(value)}.");
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            throw new BadRequestException($"\"{name}\" holds half a surrogate pair.");
        }
    }

    private static JsonElement? Object(JsonElement json, string name) =>
        !json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Object ? value
        : throw new BadRequestException($"\"{name}\" is an object, not {Kind(value)}.");

    private static string? Hash(JsonElement? extensions) =>
        extensions is { } e && e.TryGetProperty("persistedQuery", out var persisted) && persisted.ValueKind == JsonValueKind.Object
        && persisted.TryGetProperty("sha256Hash", out var hash) && hash.ValueKind == JsonValueKind.String
            ? hash.GetString()
            : null;

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
