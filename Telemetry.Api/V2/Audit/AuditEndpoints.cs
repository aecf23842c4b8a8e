using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;

namespace Telemetry.Api.V2.Audit;

/// <summary><c>/v2/audit</c>: the log's checkpoints, proofs and tiles (C2SP tlog-tiles, its prefix is <c>/v2/audit</c>).</summary>
internal static class AuditEndpoints
{
    private const int MaxNote = 64 * 1024;

    private static readonly Argument Event = new("event", ArgumentKind.Text, "The id of an event, of a stream's share of it, or of a sample.");
    private static readonly Argument Stream = new("stream", ArgumentKind.Text, "Whose share of the event is meant. Default: the sample's, or the first.");
    private static readonly Argument From = new("from", ArgumentKind.Integer, "The size of the smaller tree.");
    private static readonly Argument To = new("to", ArgumentKind.Integer, "The size of the larger tree. Default: the last checkpoint's.");

    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var audit = routes.MapGroup("/v2/audit").WithTags("Audit");
        audit.MapGet("/checkpoint", GetCheckpointAsync).Takes().WithName("checkpoint").WithSummary("The last signed checkpoint.");
        audit.MapPost("/checkpoint", PublishAsync).Takes().WithName("publish-checkpoint").WithSummary("Signs a checkpoint now (admins).");
        audit.MapPost("/cosignature", CosignAsync).Takes().WithName("cosign").WithSummary("Takes a checkpoint back with the cosignature of a known witness.");
        audit.MapGet("/key", GetKeyAsync).Takes().WithName("audit-key").WithSummary("The public key that checkpoints are verified with.");
        audit.MapGet("/proof", ProveAsync).Takes(Event, Stream).WithName("proof").WithSummary("A proof that an event or sample is in the log, and who signed it.");
        audit.MapGet("/consistency", GetConsistencyAsync).Takes(From, To).WithName("consistency").WithSummary("A proof that the log grew from one size to another.");
        audit.MapGet("/tile/entries/{**path}", GetEntriesAsync).Takes().WithName("entries").WithSummary("The leaves of a tile (admins).");
        audit.MapGet("/tile/{**path}", GetTileAsync).Takes().WithName("tile").WithSummary("A tile of the tree.");
    }

    private static async Task GetCheckpointAsync(HttpContext context, AuditLog audit)
    {
        context.Response.Headers.CacheControl = "no-cache";
        await WriteNoteAsync(context, Guarded(() => audit.Latest() ?? audit.Publish()));
    }

    private static async Task PublishAsync(HttpContext context, AuditLog audit)
    {
        context.DemandUnlimited();
        await WriteNoteAsync(context, Guarded(audit.Publish));
    }

    private static async Task CosignAsync(HttpContext context, AuditLog audit, CancellationToken ct)
    {
        if (context.Request.ContentLength > MaxNote)
            throw TooLong();
        var bytes = new byte[MaxNote + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        if (length > MaxNote)
            throw TooLong();
        try
        {
            await WriteNoteAsync(context, audit.Cosign(SignedNote.Parse(Encoding.UTF8.GetString(bytes, 0, length))));
        }
        catch (Exception e) when (e is FormatException or AuditException)
        {
            throw ApiException.BadRequest(e.Message);
        }
    }

    private static Task GetKeyAsync(HttpContext context, AuditLog audit) => WriteTextAsync(context, $"{audit.Verifier}\n");

    private static async Task ProveAsync(HttpContext context, Prover prover, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var text = arguments.Text(Event) ?? throw ApiException.MissingArgument(Event.Name);
        StreamName? stream = arguments.Text(Stream) is not { } name ? null
            : StreamName.Parse(name) ?? throw ApiException.InvalidInput(Stream.Name, name, "It is no stream's name.");
        var scope = context.Scope();
        try
        {
            var proof = await prover.ProveAsync(text, stream, s => scope.IsVisible(s), ct) ?? throw ApiException.NotFound("Event", text);
            context.Response.ContentType = "application/json";
            await context.Response.BodyWriter.WriteAsync(EventProofJson.Write(proof), ct);
        }
        catch (AuditException e)
        {
            throw Unavailable(e);
        }
    }

    private static async Task GetConsistencyAsync(HttpContext context, AuditLog audit)
    {
        var arguments = await Arguments.ReadAsync(context);
        var to = Size(arguments, To) ?? Guarded(() => audit.Latest() ?? audit.Publish()).Size;
        var from = Size(arguments, From) ?? throw ApiException.MissingArgument(From.Name);
        if (to > audit.Tree.Size)
            throw ApiException.InvalidInput(To.Name, Text(to), $"The tree has {audit.Tree.Size} leaves.");
        if (from > to)
            throw ApiException.InvalidInput(From.Name, Text(from), $"It is at most {to}, the size of the larger tree.");
        var nodes = audit.Tree.Nodes;
        await JsonAnswer.WriteAsync(context, MerkleProof.Consistency(from, to, nodes), (json, path) =>
        {
            json.WriteStartObject();
            json.WriteNumber("from"u8, from);
            json.WriteNumber("to"u8, to);
            json.WriteString("from_root"u8, MerkleProof.RootOf(0, from, nodes).ToString());
            json.WriteString("to_root"u8, MerkleProof.RootOf(0, to, nodes).ToString());
            json.WriteStartArray("path"u8);
            foreach (var node in path)
                json.WriteStringValue(node.ToString());
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static async Task GetTileAsync(HttpContext context, string path, AuditLog audit, CancellationToken ct)
    {
        var tile = Demand(path, audit);
        await WriteImmutableAsync(context, audit.Tree.ReadTile(tile.Level, tile.Index)[..(tile.Width * Digest.Length)], ct);
    }

    private static async Task GetEntriesAsync(HttpContext context, string path, AuditLog audit, IEventStore log, CancellationToken ct)
    {
        context.DemandUnlimited();
        var tile = Demand($"0/{path}", audit);
        var first = tile.Index * Tile.FullWidth;
        if (audit.Tree.PositionOf(first) is not { } position)
            throw ApiException.NotFound("Tile", path);
        using var bundle = new MemoryStream();
        var hasher = new EventHasher();
        await foreach (var recorded in log.ReadAllAsync(position - 1, ct).Take(tile.Width).WithCancellation(ct))
            Append(bundle, hasher.Canonical(recorded).Encode());
        await WriteImmutableAsync(context, bundle.ToArray(), ct);
    }

    private static void Append(MemoryStream bundle, byte[] entry)
    {
        if (entry.Length > ushort.MaxValue)
            throw ApiException.Plain(StatusCodes.Status501NotImplemented, $"A leaf of {entry.Length} bytes does not fit into a bundle of entries.");
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)entry.Length);
        bundle.Write(length);
        bundle.Write(entry);
    }

    private static Tile Demand(string path, AuditLog audit) =>
        Tile.Parse(path) is { } tile && tile.Width <= Tile.WidthAt(tile.Level, tile.Index, audit.Tree.Size) ? tile : throw ApiException.NotFound("Tile", path);

    private static long? Size(Arguments arguments, Argument argument) => arguments.Integer(argument) is not { } size ? null
        : size >= 0 && size <= new BigInteger(long.MaxValue) ? (long)size
        : throw ApiException.InvalidInput(argument.Name, size.ToString(CultureInfo.InvariantCulture), "A tree's size is not negative.");

    private static KeptCheckpoint Guarded(Func<KeptCheckpoint> get)
    {
        try
        {
            return get();
        }
        catch (AuditException e)
        {
            throw Unavailable(e);
        }
    }

    private static ApiException Unavailable(AuditException e) => new(StatusCodes.Status503ServiceUnavailable, e.Message);

    private static ApiException TooLong() => new(StatusCodes.Status413PayloadTooLarge, $"A note has at most {MaxNote} bytes.");

    private static Task WriteNoteAsync(HttpContext context, KeptCheckpoint checkpoint) => WriteTextAsync(context, checkpoint.Note.ToString());

    private static async Task WriteTextAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static async Task WriteImmutableAsync(HttpContext context, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        context.Response.ContentType = "application/octet-stream";
        context.Response.Headers.CacheControl = "max-age=31536000, immutable";
        await context.Response.BodyWriter.WriteAsync(bytes, ct);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
