using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>A key as its stream has it.</summary>
/// <param name="Version">The stream's last version that was read; 0 for an unknown key.</param>
public sealed record SigningKeyState(SigningKey Key, long Version);

/// <summary>Reads keys out of their streams: few events each.</summary>
public static class SigningKeyReader
{
    /// <summary>The key as it was at a position: what was appended at or before it counts.</summary>
    /// <param name="position">Null for today's state.</param>
    public static async Task<SigningKeyState> ReadKeyAsync(this IEventStore store, string id, long? position = null, CancellationToken ct = default)
    {
        SigningKey key = new SigningKey.Unknown();
        var version = 0L;
        if (!SigningKey.IsId(id))
            return new(key, version);
        await foreach (var e in store.ReadStreamAsync(SigningKey.StreamOf(id), ct: ct))
        {
            if (e.Event.Position > position)
                break;
            if (SigningKeyEvents.Read(e.Event) is { } change)
                key = SigningKeyDecider.Evolve(key, change);
            version = e.Version;
        }
        return new(key, version);
    }
}
