using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.V2.Streams;

/// <summary><c>/v2/cursors</c>: how far readers of streams have come. A limited caller has those of its project, every other one those of operators.</summary>
internal static class CursorEndpoints
{
    private static readonly Argument Stream = new("stream", ArgumentKind.Text, "The stream that is read, or $all.");
    private static readonly Argument After = new("after", ArgumentKind.Integer, "The last version that was read, of $all the last position; 0 before the first.");
    private static readonly Argument Version = new("version", ArgumentKind.Integer, "The cursor's version that is known, 0 for a new one: where it has another by now, it is not moved. Default: it is moved.");

    public static void MapCursors(this IEndpointRouteBuilder routes)
    {
        var cursors = routes.MapGroup("/v2/cursors").WithTags("Streams");
        cursors.MapGet("", ListAsync).Takes(Argument.Limit).WithName("cursors").WithSummary("The caller's cursors by name.");
        cursors.MapGet("/{name}", GetAsync).Takes().WithName("cursor").WithSummary("A cursor.");
        cursors.MapPut("/{name}", MoveAsync).Takes(Stream, After, Version).WithName("move-cursor").WithSummary("Moves a cursor, or makes one.");
        cursors.MapDelete("/{name}", RemoveAsync).Takes().WithName("remove-cursor").WithSummary("Removes a cursor.");
    }

    /// <summary>Where a reader goes on that gives a cursor: the first version, or position, after it.</summary>
    /// <exception cref="ApiException">404: there is no such cursor; 400: it is of another stream.</exception>
    public static async Task<long> FromAsync(HttpContext context, IEventStore log, string cursor, string stream, CancellationToken ct)
    {
        var found = await Cursor.FindAsync(log, Demand(context, cursor), ct) ?? throw ApiException.NotFound("Cursor", cursor);
        return found.Stream == stream ? found.After + 1 : throw ApiException.InvalidInput("cursor", cursor, $"It is a cursor of stream '{found.Stream}'.");
    }

    private static async Task ListAsync(HttpContext context, IEventStore log, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var limit = Limits.Of((await Arguments.ReadAsync(context)).Integer(Argument.Limit), options.Value);
        var prefix = Cursor.Prefix(context.Scope().Project);
        var found = new List<(string, Cursor)>();
        await foreach (var (stream, _) in log.ListStreamsAsync(prefix, ct))
        {
            if (found.Count == limit)
                break;
            // Another project's name may begin with this one's and a dash, which no cursor's name has.
            var name = stream.ToString()[prefix.Length..];
            if (Cursor.IsName(name) && await Cursor.FindAsync(log, stream, ct) is { } cursor)
                found.Add((name, cursor));
        }
        await JsonAnswer.WriteListAsync(context, found, Write);
    }

    private static async Task GetAsync(HttpContext context, string name, IEventStore log, CancellationToken ct)
    {
        await Arguments.ReadAsync(context);
        await JsonAnswer.WriteAsync(context, (name, await Cursor.FindAsync(log, Demand(context, name), ct) ?? throw ApiException.NotFound("Cursor", name)), Write);
    }

    private static async Task MoveAsync(HttpContext context, string name, IEventStore log, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var cursor = Demand(context, name);
        var stream = arguments.Text(Stream) ?? throw ApiException.MissingArgument(Stream.Name);
        var after = Number(arguments, After) ?? throw ApiException.MissingArgument(After.Name);
        if (stream == StreamEndpoints.All)
            context.DemandUnlimited();
        else
            StreamEndpoints.Demand(context, stream);
        try
        {
            await log.AppendAsync([Cursor.Move(cursor, stream, after, Number(arguments, Version))], ct);
        }
        catch (WrongExpectedVersionException e)
        {
            throw new ApiException(StatusCodes.Status409Conflict, $"Cursor '{name}' has version {e.Actual}, not {e.Expected}: another reader has moved it.");
        }
        await JsonAnswer.WriteAsync(context, (name, (await Cursor.FindAsync(log, cursor, ct))!), Write);
    }

    private static async Task RemoveAsync(HttpContext context, string name, IEventStore log, CancellationToken ct)
    {
        await Arguments.ReadAsync(context);
        var cursor = Demand(context, name);
        if (await Cursor.FindAsync(log, cursor, ct) is null)
            throw ApiException.NotFound("Cursor", name);
        await log.AppendAsync([Cursor.Remove(cursor)], ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static StreamName Demand(HttpContext context, string name) => Cursor.IsName(name)
        ? Cursor.StreamOf(context.Scope().Project, name)
        : throw ApiException.InvalidInput("name", name, $"A cursor's name has letters, digits, dots and underscores, at most {Cursor.MaxNameLength}.");

    private static long? Number(Arguments arguments, Argument argument) => arguments.Integer(argument) is not { } number ? null
        : number >= 0 && number < new BigInteger(long.MaxValue) ? (long)number
        : throw ApiException.InvalidInput(argument.Name, number.ToString(CultureInfo.InvariantCulture), "It is at least 0.");

    private static void Write(Utf8JsonWriter json, (string Name, Cursor Cursor) named)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, named.Name);
        json.WriteString("stream"u8, named.Cursor.Stream);
        json.WriteNumber("after"u8, named.Cursor.After);
        json.WriteNumber("version"u8, named.Cursor.Version);
        json.WriteString("moved_at"u8, UnixMicroseconds.Format(UnixMicroseconds.From(named.Cursor.MovedAt)));
        json.WriteEndObject();
    }
}
