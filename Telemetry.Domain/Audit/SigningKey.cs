using System.Diagnostics;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>What has happened to a signer's key; stored in <c>key-{id}</c>.</summary>
public abstract record SigningKeyEvent
{
    private SigningKeyEvent() { } // closed: only the records below

    /// <param name="ProjectId">The only project that it may sign for; null for any, as an operator's agents need.</param>
    /// <param name="PublicKey">SubjectPublicKeyInfo in DER, on the curve P-256.</param>
    /// <param name="Description">For people; may be null.</param>
    public sealed record KeyRegistered(string Id, string? ProjectId, ReadOnlyMemory<byte> PublicKey, string? Description, DateTimeOffset At) : SigningKeyEvent;

    /// <param name="Reason">For people; may be null.</param>
    public sealed record KeyRevoked(string Id, string? Reason, DateTimeOffset At) : SigningKeyEvent;
}

/// <summary>What may be asked of a key.</summary>
public abstract record SigningKeyCommand
{
    private SigningKeyCommand() { } // closed: only the records below

    public sealed record Register(string Id, string? ProjectId, ReadOnlyMemory<byte> PublicKey, string? Description, DateTimeOffset Now) : SigningKeyCommand;

    public sealed record Revoke(string? Reason, DateTimeOffset Now) : SigningKeyCommand;
}

/// <summary>A signer's key as decisions and checks need it.</summary>
public abstract record SigningKey
{
    private SigningKey() { } // closed: only the records below

    public const string Category = "key";
    public const int MaxIdLength = 128;

    public sealed record Unknown : SigningKey;

    public sealed record Active(string Id, string? ProjectId, ReadOnlyMemory<byte> PublicKey, string? Description, DateTimeOffset RegisteredAt) : SigningKey;

    /// <summary>Signs nothing any more; what it signed before stays signed.</summary>
    public sealed record Revoked(string Id, string? ProjectId, ReadOnlyMemory<byte> PublicKey, string? Description, DateTimeOffset RegisteredAt, DateTimeOffset RevokedAt, string? Reason) : SigningKey
    {
        /// <summary>The key as it was until then.</summary>
        public Active Before => new(Id, ProjectId, PublicKey, Description, RegisteredAt);
    }

    /// <summary>The stream of a key.</summary>
    public static StreamName StreamOf(string id) => new(Category, id);

    /// <summary>Whether a text may be a key's id: letters, digits, dots, underscores and dashes, at most <see cref="MaxIdLength"/>.</summary>
    public static bool IsId(string? id) =>
        id is { Length: > 0 and <= MaxIdLength } && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>The id of a key that was given none: the first 16 hexadecimal digits of its SHA-256.</summary>
    public static string IdOf(ReadOnlySpan<byte> publicKey) => Convert.ToHexStringLower(Digest.Of(publicKey).ToArray())[..16];

    /// <summary>Whether the key may sign for a project now; null is the project of samples that have none.</summary>
    public bool MaySignFor(string? projectId) => this is Active active && (active.ProjectId is null || active.ProjectId == projectId);
}

/// <summary>Registers and revokes keys. Rotation needs no gap: register the next key, use it, then revoke the old one.</summary>
public static class SigningKeyDecider
{
    /// <summary>What follows from a command: nothing, where it changes nothing.</summary>
    /// <exception cref="KeyRefusedException">The key's state forbids the command.</exception>
    public static IReadOnlyList<SigningKeyEvent> Decide(SigningKeyCommand command, SigningKey key) => (command, key) switch
    {
        (SigningKeyCommand.Register c, SigningKey.Unknown) => [Registered(c)],
        (SigningKeyCommand.Register c, SigningKey.Active a) when a.ProjectId == c.ProjectId && a.PublicKey.Span.SequenceEqual(c.PublicKey.Span) => [],
        (SigningKeyCommand.Register c, SigningKey.Active) => throw new KeyRefusedException($"Key '{c.Id}' is registered with another key or project."),
        (SigningKeyCommand.Register c, SigningKey.Revoked) => throw new KeyRefusedException($"Key '{c.Id}' was revoked; register the new key by another id."),
        (SigningKeyCommand.Revoke c, SigningKey.Active a) => [new SigningKeyEvent.KeyRevoked(a.Id, c.Reason, c.Now)],
        (SigningKeyCommand.Revoke, SigningKey.Revoked) => [],
        (SigningKeyCommand.Revoke, SigningKey.Unknown) => throw new KeyRefusedException("There is no such key."),
        _ => throw new UnreachableException($"{command.GetType().Name} of {key.GetType().Name}"),
    };

    public static SigningKey Evolve(SigningKey key, SigningKeyEvent @event) => (key, @event) switch
    {
        (SigningKey.Unknown, SigningKeyEvent.KeyRegistered e) => new SigningKey.Active(e.Id, e.ProjectId, e.PublicKey, e.Description, e.At),
        (SigningKey.Active a, SigningKeyEvent.KeyRevoked e) => new SigningKey.Revoked(a.Id, a.ProjectId, a.PublicKey, a.Description, a.RegisteredAt, e.At, e.Reason),
        _ => throw new UnreachableException($"{@event.GetType().Name} cannot follow {key.GetType().Name}."),
    };

    private static SigningKeyEvent.KeyRegistered Registered(SigningKeyCommand.Register c) =>
        !SigningKey.IsId(c.Id) ? throw new KeyRefusedException($"'{c.Id}' is no key's id: letters, digits, dots, underscores and dashes, at most {SigningKey.MaxIdLength}.")
        : !P256.IsPublicKey(c.PublicKey.Span) ? throw new KeyRefusedException($"The public key of '{c.Id}' is not on the curve P-256.")
        : c.Description?.Length > 255 ? throw new KeyRefusedException($"The description of '{c.Id}' has {c.Description.Length} characters; at most 255.")
        : new(c.Id, c.ProjectId, c.PublicKey, c.Description, c.Now);
}
