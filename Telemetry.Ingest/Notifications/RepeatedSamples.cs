using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.Notifications;

/// <summary>Finds samples that an agent sent twice, in two messages: with <c>per_meter_topic</c> a notifier repeats every sample under its meter's own topic.</summary>
/// <remarks>
/// The samples of the last messages are remembered by their ids, at least <see cref="Remembered"/> of them. Which message came first keeps a sample, so that a
/// message that is redelivered gives the same again.
/// </remarks>
internal sealed class RepeatedSamples
{
    public const int Remembered = 200_000;

    private readonly Lock _lock = new();
    private Dictionary<Guid, EventId> _recent = [];
    private Dictionary<Guid, EventId> _older = [];

    /// <summary>The samples without those that another message brought before; those without a UUID as id are all kept.</summary>
    public IReadOnlyList<SampleInFlight> Without(IReadOnlyList<SampleInFlight> samples, EventId message)
    {
        var kept = new List<SampleInFlight>(samples.Count);
        lock (_lock)
        {
            foreach (var sample in samples)
            {
                if (!Guid.TryParse(sample.MessageId, out var id) || FirstOf(id, message) == message)
                    kept.Add(sample);
            }
        }
        return kept;
    }

    /// <inheritdoc cref="Without(IReadOnlyList{SampleInFlight}, EventId)"/>
    public SampleBatch Without(SampleBatch samples, EventId message)
    {
        if (samples.MessageIds is not { } ids)
            return samples;
        List<int>? kept = null; // null as long as all are
        lock (_lock)
        {
            for (var i = 0; i < samples.Count; i++)
            {
                if (ids.Uuids[i] == Guid.Empty || FirstOf(ids.Uuids[i], message) == message)
                    kept?.Add(i);
                else
                    kept ??= [.. Enumerable.Range(0, i)];
            }
        }
        return kept is null ? samples : new(
            [.. kept.Select(i => samples.Series[i])], [.. kept.Select(i => samples.Timestamps[i])], [.. kept.Select(i => samples.Volumes[i])], [.. kept.Select(i => samples.Metadata[i])],
            new([.. kept.Select(i => samples.MessageIds.Uuids[i])], kept.Index().Where(k => ids.Others.ContainsKey(k.Item)).ToDictionary(k => k.Index, k => ids.Others[k.Item])),
            samples.Signatures is null ? null : [.. kept.SelectMany(i => samples.Signatures[(32 * i)..(32 * (i + 1))])]);
    }

    private EventId FirstOf(Guid id, EventId message)
    {
        if (_recent.TryGetValue(id, out var first) || _older.TryGetValue(id, out first))
            return first;
        if (_recent.Count >= Remembered)
            (_older, _recent) = (_recent, []);
        return _recent[id] = message;
    }
}
