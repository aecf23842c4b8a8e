using System.Text.Encodings.Web;
using System.Text.Json;

namespace Telemetry.Api.V2.Json;

/// <summary>Writes answers straight into the response, without a tree in between.</summary>
internal static class JsonAnswer
{
    /// <summary>After so many bytes the client gets what is written: an answer of a million rows is never in memory as text.</summary>
    private const int FlushBytes = 32 * 1024;

    // Answers are application/json, never part of a page: only what JSON itself demands is escaped.
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Answers with one value.</summary>
    public static async Task WriteAsync<T>(HttpContext context, T value, Action<Utf8JsonWriter, T> write, int status = StatusCodes.Status200OK)
    {
        Begin(context.Response, status);
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter, Options))
            write(json, value);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Answers with a list.</summary>
    public static Task WriteListAsync<T>(
        HttpContext context, IReadOnlyList<T> rows, Action<Utf8JsonWriter, T> write, int status = StatusCodes.Status200OK) =>
        WriteListAsync(context, rows.Count, (json, i) => write(json, rows[i]), status);

    /// <summary>Answers with a list whose items are written by their index.</summary>
    public static async Task WriteListAsync(HttpContext context, int count, Action<Utf8JsonWriter, int> write, int status = StatusCodes.Status200OK)
    {
        Begin(context.Response, status);
        var body = context.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(body, Options);
        var flushed = 0L;
        json.WriteStartArray();
        for (var i = 0; i < count; i++)
        {
            write(json, i);
            if (json.BytesPending + json.BytesCommitted - flushed < FlushBytes)
                continue;
            json.Flush();
            flushed = json.BytesCommitted;
            if ((await body.FlushAsync(context.RequestAborted)).IsCompleted)
                return;
        }
        json.WriteEndArray();
        json.Flush();
        await body.FlushAsync(context.RequestAborted);
    }

    /// <summary>Answers with a list whose length shows at its end.</summary>
    public static async Task WriteListAsync<T>(HttpContext context, IAsyncEnumerable<T> rows, Action<Utf8JsonWriter, T> write)
    {
        Begin(context.Response, StatusCodes.Status200OK);
        var body = context.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(body, Options);
        var flushed = 0L;
        json.WriteStartArray();
        await foreach (var row in rows.WithCancellation(context.RequestAborted))
        {
            write(json, row);
            if (json.BytesPending + json.BytesCommitted - flushed < FlushBytes)
                continue;
            json.Flush();
            flushed = json.BytesCommitted;
            if ((await body.FlushAsync(context.RequestAborted)).IsCompleted)
                return;
        }
        json.WriteEndArray();
        json.Flush();
        await body.FlushAsync(context.RequestAborted);
    }

    /// <summary>RFC 7240: whether the caller wants no echo (<c>Prefer: return=minimal</c>, perhaps among other preferences).</summary>
    public static bool PrefersMinimal(HttpRequest request) =>
        request.Headers["Prefer"].Any(header => header!.Split(',', ';').Any(preference =>
            preference.Replace(" ", "", StringComparison.Ordinal).Equals("return=minimal", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Answers a caller that wants no echo.</summary>
    public static void WriteMinimal(HttpResponse response)
    {
        response.Headers["Preference-Applied"] = "return=minimal";
        response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void Begin(HttpResponse response, int status)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
    }
}
