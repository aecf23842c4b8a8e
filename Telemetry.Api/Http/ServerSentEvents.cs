using System.Buffers;

namespace Telemetry.Api.Http;

/// <summary>An answer that goes on as long as its source and its reader do: <c>text/event-stream</c>, with comments while nothing happens.</summary>
/// <remarks>Source: HTML living standard, 9.2 «Server-sent events».</remarks>
internal static class ServerSentEvents
{
    private const int PartSize = 64 << 10;

    /// <param name="context">Nothing of its response has been sent.</param>
    /// <param name="items">Read until its end, or until the client leaves.</param>
    /// <param name="write">Writes an item's lines, the empty one at the end included.</param>
    /// <param name="keepAlive">Between two comments while there is nothing to send.</param>
    /// <param name="sendTimeout">After which a client that takes nothing is cut off.</param>
    /// <param name="time">Measures both.</param>
    /// <param name="onCutOff">Told why, where the client is cut off.</param>
    /// <param name="ct">Ends the stream before the source does: the client is to come back.</param>
    /// <returns>Whether everything was sent, so that a last event may follow.</returns>
    public static async Task<bool> WriteAsync<T>(
        HttpContext context, IAsyncEnumerable<T> items, Action<IBufferWriter<byte>, T> write, TimeSpan keepAlive, TimeSpan sendTimeout, TimeProvider time,
        Action<string>? onCutOff, CancellationToken ct)
    {
        var response = context.Response;
        var isCutOff = false;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        var message = new ArrayBufferWriter<byte>(512);
        var reader = items.GetAsyncEnumerator(ct);
        await using (reader)
        {
            var next = Task.FromResult(false);
            try
            {
                message.Write(":\n\n"u8);
                await SendAsync();
                next = reader.MoveNextAsync().AsTask();
                var quiet = Task.Delay(keepAlive, time, ct); // one for many items: a timer each would pile up
                while (!ct.IsCancellationRequested)
                {
                    if (!next.IsCompleted && await Task.WhenAny(next, quiet) != next)
                    {
                        if (ct.IsCancellationRequested)
                            break;
                        quiet = Task.Delay(keepAlive, time, ct);
                        message.Write(":\n\n"u8);
                        await SendAsync();
                        continue;
                    }

                    if (!await next)
                        break;
                    write(message, reader.Current);
                    await SendAsync();
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

        // In parts, each in its time: a large event may take long, as long as it is being taken in.
        async ValueTask SendAsync()
        {
            try
            {
                for (var rest = message.WrittenMemory; !rest.IsEmpty;)
                {
                    var part = rest[..Math.Min(rest.Length, PartSize)];
                    rest = rest[part.Length..];
                    var sending = response.BodyWriter.WriteAsync(part, ct);
                    if (sending.IsCompleted)
                        await sending;
                    else
                        await sending.AsTask().WaitAsync(sendTimeout, time, ct);
                }
                message.ResetWrittenCount();
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // Whoever reads the items sees it too.
            }
            catch (TimeoutException)
            {
                isCutOff = true;
                var reason = $"The client of a stream took nothing for {sendTimeout.TotalSeconds:0.###} s.";
                onCutOff?.Invoke(reason);
                context.Abort();
                throw new OperationCanceledException(reason);
            }
        }
    }
}
