using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Telemetry.Domain;

namespace Telemetry.Api.V2.Calls;

/// <summary>Reads the JSON that a question carries in its body. Bodies of samples have a reader of their own.</summary>
internal static class JsonBody
{
    public const int MaxLength = 1024 * 1024;
    public const int MaxDepth = 64;

    /// <summary>The body's value, null where there is no body.</summary>
    /// <exception cref="ApiException">400: not JSON, or text in it is no Unicode. 413: too long. 415: another media type.</exception>
    public static async Task<JsonElement?> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false } || context.Request.ContentLength == 0)
            return null;
        var body = await ReadBytesAsync(context);
        if (body.IsEmpty)
            return null;
        DemandJson(context.Request);
        try
        {
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
            var value = JsonElement.ParseValue(ref reader);
            if (reader.Read())
                throw new JsonException();
            JsonText.Demand(value);
            return value;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ApiException.BadRequest(
                IsTooDeep(body.Span) ? $"Request is nested deeper than {MaxDepth} levels" : "Request is not in valid JSON format");
        }
    }

    /// <summary>Whether it is JSON as far as it is too deep.</summary>
    private static bool IsTooDeep(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth == MaxDepth && (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject))
                    return true;
            }
        }
        catch (JsonException)
        {
            // Not JSON before it gets there.
        }
        return false;
    }

    /// <summary>Refuses a body that says it is something else than JSON; one that says nothing is taken for JSON.</summary>
    /// <exception cref="ApiException">415.</exception>
    public static void DemandJson(HttpRequest request)
    {
        var type = request.ContentType?.Split(';')[0].Trim();
        if (!string.IsNullOrEmpty(type) && type.ToLowerInvariant() is not ("application/json" or "text/javascript" or "application/javascript"))
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, $"Unknown mimetype: {type}");
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxLength)
            throw TooLong();
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted);
            if (result.Buffer.Length > MaxLength)
                throw TooLong();
            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return bytes;
            }
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static ApiException TooLong() =>
        new(StatusCodes.Status413PayloadTooLarge, $"The body of a query has at most {MaxLength} bytes.");
}
