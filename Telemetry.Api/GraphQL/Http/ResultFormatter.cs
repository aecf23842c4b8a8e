using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>Writes results as JSON, each error with the request's trace id.</summary>
internal static class ResultFormatter
{
    private static readonly JsonWriterOptions Options = new()
    {
        // It is sent as JSON and never as HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = 10_000,
    };

    public static void Write(IBufferWriter<byte> output, OperationResult result, string traceId)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        result.WriteTo(writer, traceId);
    }

    public static void Write(IBufferWriter<byte> output, IReadOnlyList<OperationResult> results, string traceId)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        writer.WriteStartArray();
        foreach (var result in results)
            result.WriteTo(writer, traceId);
        writer.WriteEndArray();
    }

    /// <summary>Writes what an action says, as one JSON value.</summary>
    public static void Write(IBufferWriter<byte> output, Action<Utf8JsonWriter> write)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        write(writer);
    }

    public static string TraceIdOf(HttpContext context) => Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
}
