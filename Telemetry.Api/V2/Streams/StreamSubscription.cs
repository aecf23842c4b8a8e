using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.V2.Streams;

/// <summary><c>GET /v2/streams/{name}/subscribe</c>: server-sent events; <c>Last-Event-ID</c> goes on after an event that was received.</summary>
/// <remarks>An event's id is its version; of <c>$all</c> its position, which goes to the last of the event's streams, so that none is lost.</remarks>
internal static class StreamSubscription
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);
    private static readonly JsonWriterOptions JsonOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task ServeAsync(HttpContext context, string name, IEventStore log, TimeProvider time, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var after = LastEventId(context.Request) ?? (await StreamEndpoints.FromAsync(context, arguments, log, name, ct) ?? 1) - 1;
        IAsyncEnumerable<StreamEvent> events;
        if (name == StreamEndpoints.All)
        {
            context.DemandUnlimited();
            events = StreamEndpoints.Shares(log.SubscribeAsync(after, ct));
        }
        else
        {
            events = FollowAsync(log, StreamEndpoints.Demand(context, name), after, ct);
        }
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        await context.Response.BodyWriter.FlushAsync(ct);

        var writer = new StreamEventJson();
        await using var reading = events.GetAsyncEnumerator(ct);
        while (true)
        {
            var next = reading.MoveNextAsync().AsTask();
            while (!next.IsCompleted)
            {
                if (await Task.WhenAny(next, Task.Delay(KeepAlive, time, ct)) != next)
                    await SendAsync(context, ": still here\n\n"u8.ToArray(), ct);
            }
            if (!await next)
                return;
            await SendAsync(context, Encode(writer, reading.Current, name == StreamEndpoints.All), ct);
        }
    }

    /// <summary>The stream's events after a version, and then those to come.</summary>
    private static async IAsyncEnumerable<StreamEvent> FollowAsync(IEventStore log, StreamName stream, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        var position = await log.HeadAsync(ct);
        await foreach (var e in log.ReadStreamAsync(stream, Math.Max(after, 0) + 1, ct: ct))
        {
            yield return e;
            (after, position) = (e.Version, Math.Max(position, e.Event.Position));
        }
        await foreach (var e in log.SubscribeAsync(position, ct))
        {
            for (var part = 0; part < e.Streams.Count; part++)
            {
                if (e.Streams[part].Stream == stream && e.Streams[part].Version > after)
                    yield return StreamEvent.Of(e, part);
            }
        }
    }

    private static long? LastEventId(HttpRequest request)
    {
        var text = request.Headers["Last-Event-ID"].ToString();
        return text.Length == 0 ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
            : throw ApiException.InvalidInput("Last-Event-ID", text, "It is the id of an event, a number.");
    }

    private static byte[] Encode(StreamEventJson writer, StreamEvent e, bool ofAll)
    {
        using var buffer = new MemoryStream();
        var isLast = e.Event.Streams[^1].Stream == e.Stream;
        if (!ofAll || isLast)
            buffer.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {(ofAll ? e.Event.Position : e.Version)}\n")));
        buffer.Write("data: "u8);
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
            writer.Write(json, e);
        buffer.Write("\n\n"u8);
        return buffer.ToArray();
    }

    private static async Task SendAsync(HttpContext context, byte[] bytes, CancellationToken ct)
    {
        await context.Response.BodyWriter.WriteAsync(bytes, ct);
        await context.Response.BodyWriter.FlushAsync(ct);
    }
}
