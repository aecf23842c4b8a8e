using System.Runtime.CompilerServices;
using System.Text;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.Samples;

/// <summary>Steps 3 to 6 of the way of a sample: verifies a good batch's signature, splits the batch by stream, appends it, and waits until it is projected.</summary>
public sealed class SampleIntake(IEventStore events, IProjectionProgress projections, SampleLimits limits, SignatureCheck signatures, IntakeMetrics metrics)
{
    /// <summary>The stored name of the event, kept forever.</summary>
    public const string EventType = "samples-recorded";

    private readonly ConditionalWeakTable<SeriesKey[], KnownStreams> _known = [];

    /// <summary>Stores a batch once; durable when the task completes.</summary>
    /// <param name="batch">An empty one stores nothing; its position is the log's.</param>
    /// <param name="id">The same id again stores nothing: the answer is the first one's.</param>
    /// <param name="source">What brought it in, such as <c>rest</c>.</param>
    /// <exception cref="OtherSamplesStoredException">The id was used before, for other samples.</exception>
    /// <exception cref="EventStoreBusyException">Too much is waiting to be written; nothing was stored.</exception>
    /// <exception cref="EventStoreFullException">The disk is full; nothing was stored.</exception>
    public Task<AcceptedSamples> AcceptAsync(SampleBatch batch, EventId id, string source, CancellationToken ct) => AcceptAsync(batch, id, source, null, ct);

    /// <summary>The same for a batch that may be signed.</summary>
    /// <param name="evidence">What the sender signed; null for nothing. It is judged by its key's state where the batch takes its place in the log.</param>
    /// <exception cref="SignatureRefusedException">The signature is wrong, or the batch too large to stay one event, which a signature is of; nothing was stored.</exception>
    public async Task<AcceptedSamples> AcceptAsync(SampleBatch batch, EventId id, string source, BatchEvidence? evidence, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Count == 0)
        {
            if (evidence is not null)
                await JudgeAsync(evidence, batch, id, ct);
            return new(batch, [0], id, await events.HeadAsync(ct), alreadyStored: false, visible: true);
        }
        var parts = Split(batch);
        var (news, result) = await AppendAsync(batch, parts, id, source, evidence, ct);
        var stored = result.AlreadyStored ? await StoredAsync(batch, news, ct) : batch;
        var visible = await projections.WaitForAsync(result.Position, limits.VisibilityTimeout, ct);
        return new(stored, parts.Select(p => p.First).ToArray(), id, result.Position, result.AlreadyStored, visible);
    }

    /// <summary>Stores a batch once, for a sender that waits for no query to see it; durable when the task completes.</summary>
    /// <param name="id">The same id again stores nothing, whatever the samples are.</param>
    /// <param name="evidence">What the sender signed; null for nothing. It is judged by its key's state where the batch takes its place in the log.</param>
    /// <returns>False where the id was stored before, or the batch is empty.</returns>
    /// <exception cref="EventStoreBusyException">Too much is waiting to be written; nothing was stored.</exception>
    /// <exception cref="EventStoreFullException">The disk is full; nothing was stored.</exception>
    /// <exception cref="SignatureRefusedException">The signature is wrong, or the batch too large to stay one event, which a signature is of; nothing was stored.</exception>
    public async Task<bool> AppendAsync(SampleBatch batch, EventId id, string source, BatchEvidence? evidence, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.Count > 0 && !(await AppendAsync(batch, Split(batch), id, source, evidence, ct)).Result.AlreadyStored;
    }

    private async Task<(NewEvent[] News, AppendResult Result)> AppendAsync(
        SampleBatch batch, IReadOnlyList<BatchPart> parts, EventId id, string source, BatchEvidence? evidence, CancellationToken ct)
    {
        if (evidence is not null && parts.Count > 1)
            throw new SignatureRefusedException($"A signed batch has at most {EventId.MaxPart} streams; send it in {parts.Count} parts.");
        var metadata = new EventMetadata(Source: source, Signer: evidence?.Signature.KeyId, Signature: evidence?.Signature.ToString());
        var news = new NewEvent[parts.Count];
        for (var i = 0; i < news.Length; i++)
        {
            news[i] = new(
                PartId(id, i), EventType, new EventBody.Samples(parts[i].Batch),
                parts[i].Streams.Select(s => new StreamExpectation(s)).ToArray(), metadata);
        }
        NewEvent[] kept = evidence is { Signature.Over: SignedContent.Body } ? [SignedBody.Keep(id, evidence.Body.Span, evidence.ContentType)] : [];
        while (true)
        {
            StreamVersion? key = evidence is null ? null : await JudgeAsync(evidence, batch, id, ct);
            news[0] = news[0] with { Given = key };
            try
            {
                var result = await events.AppendAsync([.. news, .. kept], ct);
                if (!result.AlreadyStored)
                    metrics.Accepted(batch.Count);
                return (news, result);
            }
            catch (WrongExpectedVersionException e) when (e.Stream == key?.Stream)
            {
                // It was registered or revoked since it was looked at: judged anew.
            }
        }
    }

    /// <summary>The state of its key that a signature is right by. That a key was revoked since does not matter to a batch that is stored already.</summary>
    /// <exception cref="SignatureRefusedException">The signature is wrong.</exception>
    private async Task<StreamVersion> JudgeAsync(BatchEvidence evidence, SampleBatch batch, EventId id, CancellationToken ct)
    {
        var signature = evidence.Signature;
        var (key, version) = await signatures.VerifyAsync(evidence, batch, ct);
        return key is SigningKey.Active || (await events.FindAsync(id, ct))?.Metadata.Signature == signature.ToString()
            ? new(SigningKey.StreamOf(signature.KeyId), version)
            : throw new SignatureRefusedException($"Key '{signature.KeyId}' is revoked.");
    }

    /// <summary>As <see cref="SampleBatchSplit"/>; a batch that repeats the series of one before, in the same month, has its streams.</summary>
    private IReadOnlyList<BatchPart> Split(SampleBatch batch)
    {
        if (!batch.RepeatsSeries)
            return SampleBatchSplit.Split(batch);
        if (_known.TryGetValue(batch.Series, out var known) && known.Holds(batch.Timestamps))
            return [new(0, batch, known.Streams)];
        var parts = SampleBatchSplit.Split(batch);
        var (from, to) = SampleStreams.MonthOf(batch.Timestamps[0]);
        if (parts is [var whole] && new KnownStreams(from, to, whole.Streams) is var streams && streams.Holds(batch.Timestamps))
            _known.AddOrUpdate(batch.Series, streams);
        return parts;
    }

    private sealed record KnownStreams(long From, long To, IReadOnlyList<StreamName> Streams)
    {
        public bool Holds(ReadOnlySpan<long> timestamps) => !timestamps.ContainsAnyExceptInRange(From, To - 1);
    }

    /// <summary>The id of the n-th event of a request: its own for the first, ids that follow from it for the others.</summary>
    internal static EventId PartId(EventId id, int part) => part == 0 ? id : EventId.FromName(Encoding.UTF8.GetBytes($"{id}/{part}"));

    /// <summary>What the id stands for, once it is known to be stored: timestamps that were left to the server are the first request's.</summary>
    private async Task<SampleBatch> StoredAsync(SampleBatch batch, NewEvent[] news, CancellationToken ct)
    {
        var stored = new List<SampleBatch>(news.Length);
        foreach (var one in news)
        {
            if ((await events.FindAsync(one.Id, ct))?.Body is not EventBody.Samples found || !IsRepeat(((EventBody.Samples)one.Body).Batch, found.Batch))
                throw new OtherSamplesStoredException(one.Id);
            stored.Add(found.Batch);
        }
        return stored is [var whole] ? whole : batch; // the echo of a batch in several parts shows the times of the repeat
    }

    private static bool IsRepeat(SampleBatch sent, SampleBatch stored) =>
        sent.Count == stored.Count && sent.Series.AsSpan().SequenceEqual(stored.Series) && sent.Volumes.AsSpan().SequenceEqual(stored.Volumes);
}

/// <summary>What became of a batch.</summary>
public sealed class AcceptedSamples
{
    private readonly int[] _firsts;
    private readonly EventId _id;

    internal AcceptedSamples(SampleBatch batch, int[] firsts, EventId id, long position, bool alreadyStored, bool visible) =>
        (Batch, _firsts, _id, Position, AlreadyStored, Visible) = (batch, firsts, id, position, alreadyStored, visible);

    /// <summary>The samples as they are stored; of a repeated request, as the first one stored them.</summary>
    public SampleBatch Batch { get; }

    /// <summary>The place in the log of the last event; a repeated request's is the first one's.</summary>
    public long Position { get; }

    /// <summary>The same request was stored before.</summary>
    public bool AlreadyStored { get; }

    /// <summary>Queries see the samples; otherwise they will, a little later.</summary>
    public bool Visible { get; }

    /// <summary>The id of a sample, as queries give it.</summary>
    public string SampleId(int index)
    {
        var part = Array.BinarySearch(_firsts, index);
        if (part < 0)
            part = ~part - 1;
        return Batch.MessageIds?[index] ?? SampleIntake.PartId(_id, part).Sample(index - _firsts[part]).ToString();
    }
}

/// <summary>An idempotency key came a second time with other samples.</summary>
public sealed class OtherSamplesStoredException(EventId id) : Exception($"Event {id} is stored with other samples.");
