using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.V2.Streams;

/// <summary><c>/v2/streams</c>: the facts themselves, as they were recorded.</summary>
/// <remarks>
/// By <c>Accept</c>: a JSON list (the default), <c>application/x-ndjson</c> (an event a line, without limit unless one is given),
/// <c>application/vnd.telemetry.samples+ndjson</c> (a sample a line), or <c>application/octet-stream</c> (the payload of the first event, as
/// the audit log has its digest).
/// </remarks>
internal static class StreamEndpoints
{
    public const string Ndjson = "application/x-ndjson";
    public const string SamplesNdjson = "application/vnd.telemetry.samples+ndjson";
    public const string Raw = "application/octet-stream";

    /// <summary>The stream of all events; only for callers that see everything.</summary>
    public const string All = "$all";

    private const int FlushBytes = 32 * 1024;
    private const int MaxListed = 10_000;

    private static readonly Argument Prefix = new("prefix", ArgumentKind.Text, "What the names begin with.");
    private static readonly Argument From = new("from", ArgumentKind.Integer, "The first version; of $all the first position. Default: 1, backwards the last.");
    private static readonly Argument CursorName = new("cursor", ArgumentKind.Text, "The name of a cursor of this stream: what follows it. In place of from.");
    private static readonly Argument Direction = new("direction", ArgumentKind.Text, "forwards (the default) or backwards.");
    private static readonly JsonWriterOptions JsonOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void MapStreams(this IEndpointRouteBuilder routes)
    {
        var streams = routes.MapGroup("/v2/streams").WithTags("Streams");
        streams.MapGet("", ListAsync).Takes(Prefix, Argument.Limit).WithName("streams").WithSummary("The streams by name, each with its last version.");
        streams.MapGet("/{name}", ReadAsync).Takes(From, CursorName, Argument.Limit, Direction).WithName("stream").WithSummary("The events of a stream.");
        streams.MapGet("/{name}/subscribe", StreamSubscription.ServeAsync).Takes(From, CursorName).WithName("subscribe").WithSummary("The events of a stream and those to come, as server-sent events.");
    }

    private static async Task ListAsync(HttpContext context, IEventStore log, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var limit = Math.Min(Limits.Of(arguments.Integer(Argument.Limit), options.Value), MaxListed);
        var scope = context.Scope();
        var found = new List<StreamVersion>();
        foreach (var prefix in scope.Prefixes(arguments.Text(Prefix) ?? ""))
        {
            await foreach (var stream in log.ListStreamsAsync(prefix, ct))
            {
                if (found.Count == limit)
                    break;
                if (scope.IsVisible(stream.Stream))
                    found.Add(stream);
            }
        }
        await Json.JsonAnswer.WriteListAsync(context, found, (json, stream) =>
        {
            json.WriteStartObject();
            json.WriteString("name"u8, stream.Stream.ToString());
            json.WriteNumber("version"u8, stream.Version);
            json.WriteEndObject();
        });
    }

    private static async Task ReadAsync(HttpContext context, string name, IEventStore log, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var accept = Accepted(context.Request);
        var asked = arguments.Integer(Argument.Limit);
        var limit = asked is null && accept is Ndjson or SamplesNdjson ? int.MaxValue : Limits.Of(asked, options.Value);
        if (accept is null && limit > MaxListed)
            throw ApiException.InvalidInput("limit", asked?.ToString(CultureInfo.InvariantCulture), $"A list has at most {MaxListed} events; accept {Ndjson} for more.");
        var direction = arguments.Text(Direction) switch
        {
            null or "forwards" => ReadDirection.Forwards,
            "backwards" => ReadDirection.Backwards,
            var other => throw ApiException.InvalidInput("direction", other, "It is forwards or backwards."),
        };
        var events = Events(context, log, name, await FromAsync(context, arguments, log, name, ct), direction, ct);
        switch (accept)
        {
            case Raw:
                await WriteRawAsync(context, events, ct);
                break;
            case null:
                await WriteListAsync(context, events, limit, ct);
                break;
            default:
                await WriteLinesAsync(context, events, limit, accept, ct);
                break;
        }
    }

    /// <summary>The first version, or position, that is asked for, be it by a cursor; null where none is.</summary>
    public static async Task<long?> FromAsync(HttpContext context, Arguments arguments, IEventStore log, string stream, CancellationToken ct) =>
        arguments.Text(CursorName) is { } cursor ? await CursorEndpoints.FromAsync(context, log, cursor, stream, ct) : FromOf(arguments);

    private static long? FromOf(Arguments arguments) => arguments.Integer(From) is not { } from ? null
        : from >= 1 && from <= new BigInteger(long.MaxValue) ? (long)from
        : throw ApiException.InvalidInput("from", from.ToString(CultureInfo.InvariantCulture), "A version is at least 1.");

    /// <summary>The stream of a name.</summary>
    /// <exception cref="ApiException">404: it is no stream, or none that the caller sees.</exception>
    public static StreamName Demand(HttpContext context, string name) =>
        StreamName.Parse(name) is { } stream && context.Scope().IsVisible(stream) ? stream : throw ApiException.NotFound("Stream", name);

    private static IAsyncEnumerable<StreamEvent> Events(HttpContext context, IEventStore log, string name, long? from, ReadDirection direction, CancellationToken ct)
    {
        if (name != All)
            return log.ReadStreamAsync(Demand(context, name), from ?? (direction == ReadDirection.Forwards ? 1 : long.MaxValue), direction, ct);
        context.DemandUnlimited();
        return direction == ReadDirection.Forwards
            ? Shares(log.ReadAllAsync((from ?? 1) - 1, ct))
            : throw ApiException.InvalidInput("direction", "backwards", $"{All} is read forwards only.");
    }

    /// <summary>Each event once for every stream that it is in.</summary>
    public static async IAsyncEnumerable<StreamEvent> Shares(IAsyncEnumerable<RecordedEvent> events)
    {
        await foreach (var e in events)
        {
            for (var part = 0; part < e.Streams.Count; part++)
                yield return StreamEvent.Of(e, part);
        }
    }

    private static string? Accepted(HttpRequest request)
    {
        foreach (var accepted in request.GetTypedHeaders().Accept.OrderByDescending(a => a.Quality ?? 1))
        {
            if (accepted.MediaType.Value?.ToLowerInvariant() is var type && type is Ndjson or SamplesNdjson or Raw)
                return type;
            if (accepted.MatchesMediaType("application/json"))
                return null;
        }
        return request.Headers.Accept.Count == 0 ? null : throw ApiException.Plain(StatusCodes.Status406NotAcceptable, $"Not Acceptable: answers are application/json, {Ndjson}, {SamplesNdjson} or {Raw}.");
    }

    private static async Task WriteListAsync(HttpContext context, IAsyncEnumerable<StreamEvent> events, int limit, CancellationToken ct)
    {
        context.Response.ContentType = "application/json";
        var (body, writer) = (context.Response.BodyWriter, new StreamEventJson());
        await using var json = new Utf8JsonWriter(body, JsonOptions);
        json.WriteStartArray();
        var count = 0;
        await foreach (var e in events)
        {
            if (count++ == limit)
                break;
            writer.Write(json, e);
            json.Flush();
            await body.FlushAsync(ct); // waits for a client that reads slowly
        }
        json.WriteEndArray();
        json.Flush();
        await body.FlushAsync(ct);
    }

    private static async Task WriteLinesAsync(HttpContext context, IAsyncEnumerable<StreamEvent> events, int limit, string type, CancellationToken ct)
    {
        context.Response.ContentType = type;
        var (body, writer, samples) = (context.Response.BodyWriter, new StreamEventJson(), new Json.SampleJson());
        await using var json = new Utf8JsonWriter(body, JsonOptions);
        var (count, unflushed) = (0, 0L);
        await foreach (var e in events)
        {
            if (count++ == limit)
                break;
            if (type == SamplesNdjson)
            {
                foreach (var sample in StreamEventJson.SamplesOf(e))
                    unflushed += Line(json, body, () => samples.Write(json, sample));
            }
            else
            {
                unflushed += Line(json, body, () => writer.Write(json, e));
            }
            if (unflushed < FlushBytes)
                continue;
            unflushed = 0;
            if ((await body.FlushAsync(ct)).IsCompleted)
                return;
        }
        await body.FlushAsync(ct);
    }

    private static long Line(Utf8JsonWriter json, IBufferWriter<byte> body, Action write)
    {
        write();
        json.Flush();
        var length = json.BytesCommitted;
        json.Reset();
        body.Write("\n"u8);
        return length;
    }

    private static async Task WriteRawAsync(HttpContext context, IAsyncEnumerable<StreamEvent> events, CancellationToken ct)
    {
        await foreach (var e in events)
        {
            context.Response.ContentType = Raw;
            context.Response.Headers["Telemetry-Version"] = e.Version.ToString(CultureInfo.InvariantCulture);
            await context.Response.BodyWriter.WriteAsync(StreamEventJson.Payload(e), ct);
            return;
        }
        throw ApiException.Plain(StatusCodes.Status404NotFound, "The stream has no such version.");
    }
}
