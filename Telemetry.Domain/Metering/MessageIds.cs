namespace Telemetry.Domain.Metering;

/// <summary>The ids that a sender gave to its samples: 16 bytes each where they are UUIDs in their usual text form, text otherwise.</summary>
/// <param name="uuids">One a sample; the empty UUID where the id is in <paramref name="others"/> or was not given.</param>
/// <param name="others">Ids that are no lower-case hyphenated UUID, by the sample's index; at most 128 characters each.</param>
public sealed class MessageIds(Guid[] uuids, IReadOnlyDictionary<int, string>? others = null)
{
    public const int MaxLength = 128;

    public int Count => uuids.Length;
    public ReadOnlySpan<Guid> Uuids => uuids;
    public IReadOnlyDictionary<int, string> Others { get; } = others ?? new Dictionary<int, string>();

    /// <summary>Null where the sender gave no id.</summary>
    public string? this[int index] =>
        Others.TryGetValue(index, out var other) ? other : uuids[index] == Guid.Empty ? null : uuids[index].ToString();
}
