using System.Buffers;

namespace Telemetry.Api.Http;

/// <summary>An answer that goes on as long as its source and its reader do: <c>text/event-stream</c>, with comments while nothing happens.</summary>
/// <remarks>Source: HTML living standard, 9.2 «Server-sent events».</remarks>
internal static class ServerSentEvents
{
    /// <param name="context">Nothing of its response has been sent.</param>
    /// <param name="items">Read until its end, or until the client leaves.</param>
    /// <param name="write">Writes an item's lines, the empty one at the end included.</param>
    /// <param name="keepAlive">Between two comments while there is nothing to send.</param>
    /// <param name="sendTimeout">After which a client that takes nothing is cut off.</param>
    /// <param name="time">Measures both.</param>
    /// <param name="ct">Ends the stream before the source does: the client is to come back.</param>
    /// <returns>Whether everything was sent, so that a last event may follow.</returns>
    public static async Task<bool> WriteAsync<T>(
        HttpContext context, IAsyncEnumerable<T> items, Action<IBufferWriter<byte>, T> write, TimeSpan keepAlive, TimeSpan sendTimeout, TimeProvider time,
        CancellationToken ct)
    {
        var response = context.Response;
        var isCutOff = false;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        response.BodyWriter.Write(":\n\n"u8);
        await FlushAsync();
        var reader = items.GetAsyncEnumerator(ct);
        await using (reader)
        {
            var next = reader.MoveNextAsync().AsTask();
            try
            {
                var quiet = Task.Delay(keepAlive, time, ct); // one for many items: a timer each would pile up
                while (!ct.IsCancellationRequested)
                {
                    if (!next.IsCompleted && await Task.WhenAny(next, quiet) != next)
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
                    write(response.BodyWriter, reader.Current);
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

        return !ct.IsCancellationRequested && !isCutOff;

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
                // Whoever reads the items sees it too.
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
