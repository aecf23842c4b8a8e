using System.Buffers;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>Results as server-sent events. Source: graphql-sse's protocol, «distinct connections mode».</summary>
internal static class EventStreamWriter
{
    /// <param name="context">Nothing of its response has been sent.</param>
    /// <param name="results">Read until its end, or until the client leaves.</param>
    /// <param name="keepAlive">Between two comments while there is nothing to send.</param>
    /// <param name="sendTimeout">After which a client that takes nothing is cut off.</param>
    /// <param name="time">Measures both.</param>
    /// <param name="ct">Ends the stream without saying that it is complete: the client is to come back.</param>
    public static async Task WriteAsync(
        HttpContext context, IAsyncEnumerable<OperationResult> results, TimeSpan keepAlive, TimeSpan sendTimeout, TimeProvider time, CancellationToken ct)
    {
        var response = context.Response;
        var isCutOff = false;
        response.ContentType = $"{ContentNegotiation.EventStream}; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        response.BodyWriter.Write(":\n\n"u8);
        await FlushAsync();
        var traceId = ResultFormatter.TraceIdOf(context);
        var reader = results.GetAsyncEnumerator(ct);
        await using (reader)
        {
            var next = reader.MoveNextAsync().AsTask();
            try
            {
                var quiet = Task.Delay(keepAlive, time, ct);
                while (!ct.IsCancellationRequested)
                {
                    if (await Task.WhenAny(next, quiet) != next)
                    {
                        if (ct.IsCancellationRequested)
                            break;
                        quiet = Task.Delay(keepAlive, time, ct);
                        response.BodyWriter.Write(":\n\n"u8);
                        await FlushAsync();
                        continue;
                    }

                    if (!await next)
                        break;
                    response.BodyWriter.Write("event: next\ndata: "u8);
                    ResultFormatter.Write(response.BodyWriter, reader.Current, traceId);
                    response.BodyWriter.Write("\n\n"u8);
                    await FlushAsync();
                    next = reader.MoveNextAsync().AsTask();
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested || isCutOff)
            {
                // The client left or was cut off, or the server stops.
            }
            finally
            {
                // A stream that is being read cannot be closed; the token has ended the reading, or the stream its own.
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (ct.IsCancellationRequested || isCutOff)
            return;
        response.BodyWriter.Write("event: complete\ndata:\n\n"u8);
        await FlushAsync();

        // The server's own least rate of an answer would let a large event take minutes.
        async ValueTask FlushAsync()
        {
            try
            {
                var flushing = response.BodyWriter.FlushAsync(ct);
                if (flushing.IsCompleted)
                    await flushing;
                else
                    await flushing.AsTask().WaitAsync(sendTimeout, time, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // Whoever reads the results sees it too.
            }
            catch (TimeoutException)
            {
                isCutOff = true;
                context.Abort();
                throw new OperationCanceledException($"The client took nothing for {sendTimeout.TotalSeconds:0.###} s.");
            }
        }
    }
}
