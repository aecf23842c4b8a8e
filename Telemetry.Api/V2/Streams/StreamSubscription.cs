using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Api.Http;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.V2.Streams;

/// <summary><c>GET /v2/streams/{name}/subscribe</c>: server-sent events; <c>Last-Event-ID</c> goes on after an event that was received.</summary>
/// <remarks>An event's id is its version; of <c>$all</c> its position, which goes to the last of the event's streams, so that none is lost.</remarks>
internal static class StreamSubscription
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(30);
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
        var writer = new StreamEventJson();
        await ServerSentEvents.WriteAsync(
            context, events, (body, e) => Write(body, writer, e, name == StreamEndpoints.All), KeepAlive, SendTimeout, time, null, ct);
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

    private static void Write(IBufferWriter<byte> body, StreamEventJson writer, StreamEvent e, bool ofAll)
    {
        if (!ofAll || e.Event.Streams[^1].Stream == e.Stream)
            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {(ofAll ? e.Event.Position : e.Version)}\n"), body);
        body.Write("data: "u8);
        using (var json = new Utf8JsonWriter(body, JsonOptions))
            writer.Write(json, e);
        body.Write("\n\n"u8);
    }
}
