using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Telemetry.Api.V2.Errors;

/// <summary>Ceilometer's error bodies: <c>{"error_message": {"faultcode", "faultstring", "debuginfo"}}</c>, or the text alone.</summary>
internal static class ErrorBody
{
    /// <summary>A message repeats what the client sent, but not megabytes of it.</summary>
    private const int MaxLength = 4_000;

    /// <summary>Answers with an error; of no effect on the body of an answer that has begun.</summary>
    /// <param name="plain">The text alone, as routing answers; clients that ask for JSON by name, as aodhclient does, get a fault: they fail on a text.</param>
    public static async Task WriteAsync(HttpContext context, int status, string message, bool plain)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(json, status, message.Length <= MaxLength ? message : $"{message[..MaxLength]}…", plain && !AsksForJson(context.Request));
        var response = context.Response;
        response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = "1";
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        await response.BodyWriter.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    private static bool AsksForJson(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(a => a.Quality != 0 && a.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase));

    private static void Write(Utf8JsonWriter json, int status, string message, bool plain)
    {
        json.WriteStartObject();
        if (plain)
        {
            json.WriteString("error_message", message);
        }
        else
        {
            json.WriteStartObject("error_message");
            json.WriteString("faultcode", status < 500 ? "Client" : "Server");
            json.WriteString("faultstring", message);
            json.WriteNull("debuginfo");
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
