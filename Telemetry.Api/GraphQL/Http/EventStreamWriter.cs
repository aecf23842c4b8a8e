using System.Buffers;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>Results as server-sent events. Source: graphql-sse's protocol, «distinct connections mode».</summary>
/// <param name="context">Nothing of its response has been sent.</param>
internal sealed class EventStreamWriter(HttpContext context, GraphQLHttpHandler handler)
{
    private const int PartSize = 64 << 10;

    private bool _isCutOff;

    /// <param name="results">Read until its end, or until the client leaves.</param>
    /// <param name="ct">Ends the stream without saying that it is complete: the client is to come back.</param>
    public async Task WriteAsync(IAsyncEnumerable<OperationResult> results, CancellationToken ct)
    {
        var response = context.Response;
        response.ContentType = $"{ContentNegotiation.EventStream}; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        var traceId = ResultFormatter.TraceIdOf(context);
        var reader = results.GetAsyncEnumerator(ct);
        await using (reader)
        {
            var next = Task.FromResult(false);
            try
            {
                await SendAsync(":\n\n"u8.ToArray(), ct);
                next = reader.MoveNextAsync().AsTask();
                var quiet = Quiet();
                while (!ct.IsCancellationRequested)
                {
                    if (!next.IsCompleted && await Task.WhenAny(next, quiet) != next)
                    {
                        if (ct.IsCancellationRequested)
                            break;
                        quiet = Quiet();
                        await SendAsync(":\n\n"u8.ToArray(), ct);
                        continue;
                    }

                    if (!await next)
                        break;
                    var message = new ArrayBufferWriter<byte>(512);
                    message.Write("event: next\ndata: "u8);
                    ResultFormatter.Write(message, reader.Current, traceId);
                    message.Write("\n\n"u8);
                    await SendAsync(message.WrittenMemory, ct);
                    next = reader.MoveNextAsync().AsTask();
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested || _isCutOff)
            {
                // The client left or was cut off, or the server stops.
            }
            finally
            {
                // A stream that is being read cannot be closed; the token has ended the reading, or the stream its own.
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (!ct.IsCancellationRequested && !_isCutOff)
            await SendAsync("event: complete\ndata:\n\n"u8.ToArray(), ct);

        Task Quiet() => Task.Delay(handler.Options.StreamKeepAliveInterval, handler.Time, ct);
    }

    /// <summary>In parts, each in its time: the server's own least rate of an answer would let a large event take minutes.</summary>
    private async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        try
        {
            while (!message.IsEmpty)
            {
                var part = message[..Math.Min(message.Length, PartSize)];
                message = message[part.Length..];
                var sending = context.Response.BodyWriter.WriteAsync(part, ct);
                if (sending.IsCompleted)
                    await sending;
                else
                    await sending.AsTask().WaitAsync(handler.Options.ClientTimeout, handler.Time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Whoever reads the results sees it too.
        }
        catch (TimeoutException)
        {
            _isCutOff = true;
            var reason = $"A stream's client took nothing for {handler.Options.ClientTimeout.TotalSeconds:0.###} s.";
            handler.Metrics.Refused(ErrorCodes.SlowSubscriber, reason);
            context.Abort();
            throw new OperationCanceledException(reason);
        }
    }
}
