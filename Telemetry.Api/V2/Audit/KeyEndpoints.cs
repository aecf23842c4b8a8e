using System.Text.Json;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.V2.Audit;

/// <summary><c>/v2/keys</c> (admins): the public keys that senders sign with.</summary>
internal static class KeyEndpoints
{
    private static readonly Argument Id = new("id", ArgumentKind.Text, "The key's id. Default: the first 16 hexadecimal digits of its SHA-256.");
    private static readonly Argument ProjectId = new("project_id", ArgumentKind.Text, "The only project that it signs for. Default: any.");
    private static readonly Argument PublicKey = new("public_key", ArgumentKind.Text, "ECDSA P-256 in PEM.");
    private static readonly Argument Description = new("description", ArgumentKind.Text, "For people.");
    private static readonly Argument Reason = new("reason", ArgumentKind.Text, "Why it is revoked, for people.");

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v2/keys").WithTags("Keys");
        keys.MapGet("", ListAsync).Takes().WithName("keys").WithSummary("All keys (admins).");
        keys.MapPost("", RegisterAsync).Takes(Id, ProjectId, PublicKey, Description).WithName("register-key").WithSummary("Registers a key (admins).");
        keys.MapGet("/{id}", GetAsync).Takes().WithName("key").WithSummary("A key (admins).");
        keys.MapDelete("/{id}", RevokeAsync).Takes(Reason).WithName("revoke-key").WithSummary("Revokes a key for what is signed from now on (admins).");
    }

    private static async Task ListAsync(HttpContext context, IEventStore log, CancellationToken ct)
    {
        context.DemandUnlimited();
        var found = new List<SigningKey>();
        await foreach (var stream in log.ListStreamsAsync($"{SigningKey.Category}-", ct))
            found.Add((await log.ReadKeyAsync(stream.Stream.ToString()[(SigningKey.Category.Length + 1)..], ct: ct)).Key);
        await JsonAnswer.WriteListAsync(context, found, Write);
    }

    private static async Task GetAsync(HttpContext context, string id, IEventStore log, CancellationToken ct)
    {
        context.DemandUnlimited();
        var (key, _) = await log.ReadKeyAsync(id, ct: ct);
        await JsonAnswer.WriteAsync(context, key is SigningKey.Unknown ? throw ApiException.NotFound("Key", id) : key, Write);
    }

    private static async Task RegisterAsync(HttpContext context, IEventStore log, TimeProvider time, CancellationToken ct)
    {
        context.DemandUnlimited();
        var arguments = await Arguments.ReadAsync(context);
        var pem = arguments.Text(PublicKey) ?? throw ApiException.MissingArgument(PublicKey.Name);
        byte[] publicKey;
        try
        {
            publicKey = P256.ReadPublicKey(pem);
        }
        catch (FormatException e)
        {
            throw ApiException.InvalidInput(PublicKey.Name, "...", e.Message);
        }
        if (pem.Contains("PRIVATE", StringComparison.Ordinal))
            throw ApiException.InvalidInput(PublicKey.Name, "...", "It is a private key; keep it, and send the public one.");
        var id = arguments.Text(Id) ?? SigningKey.IdOf(publicKey);
        var key = await DecideAsync(log, id, new SigningKeyCommand.Register(id, arguments.Text(ProjectId), publicKey, arguments.Text(Description), time.GetUtcNow()), ct);
        await JsonAnswer.WriteAsync(context, key, Write, StatusCodes.Status201Created);
    }

    private static async Task RevokeAsync(HttpContext context, string id, IEventStore log, TimeProvider time, CancellationToken ct)
    {
        context.DemandUnlimited();
        var arguments = await Arguments.ReadAsync(context);
        if ((await log.ReadKeyAsync(id, ct: ct)).Key is SigningKey.Unknown)
            throw ApiException.NotFound("Key", id);
        await DecideAsync(log, id, new SigningKeyCommand.Revoke(arguments.Text(Reason), time.GetUtcNow()), ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task<SigningKey> DecideAsync(IEventStore log, string id, SigningKeyCommand command, CancellationToken ct)
    {
        try
        {
            var (key, version) = await log.ReadKeyAsync(id, ct: ct);
            var events = SigningKeyDecider.Decide(command, key);
            if (events.Count > 0)
                await log.AppendAsync([.. events.Select((e, i) => SigningKeyEvents.Store(e, EventId.New(), version + i, new EventMetadata("rest")))], ct);
            return events.Aggregate(key, SigningKeyDecider.Evolve);
        }
        catch (KeyRefusedException e)
        {
            throw new ApiException(StatusCodes.Status409Conflict, e.Message);
        }
        catch (WrongExpectedVersionException)
        {
            throw new ApiException(StatusCodes.Status409Conflict, $"Key '{id}' was changed at the same time.");
        }
    }

    private static void Write(Utf8JsonWriter json, SigningKey key)
    {
        var (id, project, publicKey, description, registeredAt) = key switch
        {
            SigningKey.Active a => (a.Id, a.ProjectId, a.PublicKey, a.Description, a.RegisteredAt),
            SigningKey.Revoked r => (r.Id, r.ProjectId, r.PublicKey, r.Description, r.RegisteredAt),
            _ => throw new ArgumentOutOfRangeException(nameof(key), key, "There is no such key."),
        };
        var revoked = key as SigningKey.Revoked;
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("project_id"u8, project);
        json.WriteString("public_key"u8, System.Security.Cryptography.PemEncoding.WriteString("PUBLIC KEY", publicKey.Span));
        json.WriteString("description"u8, description);
        json.WriteString("state"u8, revoked is null ? "active" : "revoked");
        json.WriteString("registered_at"u8, UnixMicroseconds.Format(UnixMicroseconds.From(registeredAt)));
        json.WriteString("revoked_at"u8, revoked is null ? null : UnixMicroseconds.Format(UnixMicroseconds.From(revoked.RevokedAt)));
        json.WriteString("reason"u8, revoked?.Reason);
        json.WriteEndObject();
    }
}
