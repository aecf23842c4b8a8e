using System.Buffers;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>Results as server-sent events. Source: graphql-sse's protocol, «distinct connections mode».</summary>
internal static class EventStreamWriter
{
    /// <param name="context">Nothing of its response has been sent.</param>
    /// <param name="results">Read until its end, or until the client leaves.</param>
    /// <param name="keepAlive">Between two comments while there is nothing to send.</param>
    /// <param name="time">Measures it.</param>
    public static async Task WriteAsync(HttpContext context, IAsyncEnumerable<OperationResult> results, TimeSpan keepAlive, TimeProvider time)
    {
        var response = context.Response;
        var ct = context.RequestAborted;
        response.ContentType = $"{ContentNegotiation.EventStream}; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        response.BodyWriter.Write(":\n\n"u8);
        await response.BodyWriter.FlushAsync(ct);
        var traceId = ResultFormatter.TraceIdOf(context);
        var reader = results.GetAsyncEnumerator(ct);
        await using (reader)
        {
            var next = reader.MoveNextAsync().AsTask();
            var quiet = Task.Delay(keepAlive, time, ct);
            while (true)
            {
                if (await Task.WhenAny(next, quiet) != next)
                {
                    ct.ThrowIfCancellationRequested();
                    quiet = Task.Delay(keepAlive, time, ct);
                    response.BodyWriter.Write(":\n\n"u8);
                    await response.BodyWriter.FlushAsync(ct);
                    continue;
                }

                if (!await next)
                    break;
                response.BodyWriter.Write("event: next\ndata: "u8);
                ResultFormatter.Write(response.BodyWriter, reader.Current, traceId);
                response.BodyWriter.Write("\n\n"u8);
                await response.BodyWriter.FlushAsync(ct);
                next = reader.MoveNextAsync().AsTask();
            }
        }

        response.BodyWriter.Write("event: complete\ndata:\n\n"u8);
        await response.BodyWriter.FlushAsync(ct);
    }
}
