using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>How far a copy is.</summary>
/// <param name="Head">The last position of the source when the copy, or its verification, began.</param>
public readonly record struct CopyProgress(bool Verifying, long Position, long Head, long Samples);

/// <summary>What a copy came to.</summary>
/// <param name="Copied">Events that this run copied; those of a run before are not counted.</param>
/// <param name="Events">Events that both logs have.</param>
/// <param name="Root">The root of the audit log's tree over either of them.</param>
/// <param name="SamePositions">Every event has the position that it had.</param>
public readonly record struct CopyResult(long Copied, long Events, long Samples, Digest Root, bool SamePositions);

/// <summary>The copy cannot go on, or is not equal; the message says why.</summary>
public sealed class LogCopyException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Copies a log event by event: ids, order, versions, times and payloads stay, and so do the hashes of the audit log.</summary>
/// <remarks>Each event is an append of its own, one after the other: whatever ends a copy, the target has a beginning of the source, and the next run goes on there.</remarks>
public sealed class LogCopy(IEventStore source, IEventStore target)
{
    /// <exception cref="LogCopyException">The target has events that the source has not, or is not equal in the end.</exception>
    public async Task<CopyResult> RunAsync(IProgress<CopyProgress>? progress = null, CancellationToken ct = default)
    {
        var copied = await CopyAsync(progress, ct).ConfigureAwait(false);
        return await VerifyAsync(copied, progress, ct).ConfigureAwait(false);
    }

    private async Task<long> CopyAsync(IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        var (from, head) = (await ReachedAsync(ct).ConfigureAwait(false), await source.HeadAsync(ct).ConfigureAwait(false));
        var (copied, samples) = (0L, 0L);
        await foreach (var e in source.ReadAllAsync(from, ct).ConfigureAwait(false))
        {
            try
            {
                await target.AppendAsync(
                    [new NewEvent(e.Id, e.Type, e.Body, [.. e.Streams.Select(s => new StreamExpectation(s.Stream, s.Version - 1))], e.Metadata, e.RecordedAt)], ct).ConfigureAwait(false);
            }
            catch (WrongExpectedVersionException wrong)
            {
                throw new LogCopyException($"The target is not empty, and holds other events than the source: {wrong.Message}", wrong);
            }
            copied++;
            samples += CountOf(e);
            progress?.Report(new(Verifying: false, e.Position, head, samples));
        }
        return copied;
    }

    /// <summary>The position in the source of the target's last event, 0 where the target is empty.</summary>
    private async Task<long> ReachedAsync(CancellationToken ct)
    {
        var head = await target.HeadAsync(ct).ConfigureAwait(false);
        if (head == 0)
            return 0;
        var last = await target.FindAsync(head, ct).ConfigureAwait(false) ?? throw new LogCopyException($"The target has no event at its last position, {head}.");
        return (await source.FindAsync(last.Id, ct).ConfigureAwait(false))?.Position
            ?? throw new LogCopyException($"The target is not empty, and its last event, {last.Id}, is not one of the source.");
    }

    private async Task<CopyResult> VerifyAsync(long copied, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        var head = await target.HeadAsync(ct).ConfigureAwait(false);
        var (tree, hasher) = (new MerkleTree(), new EventHasher());
        var (events, samples, same) = (0L, 0L, true);
        await using var copies = target.ReadAllAsync(0, ct).GetAsyncEnumerator(ct);
        await foreach (var e in source.ReadAllAsync(0, ct).ConfigureAwait(false))
        {
            if (!await copies.MoveNextAsync().ConfigureAwait(false))
                break; // what the source took in since
            var (leaf, copy) = (hasher.LeafHash(e), copies.Current);
            if (e.Id != copy.Id || leaf != hasher.LeafHash(copy))
                throw new LogCopyException($"The copies differ: event {e.Id} at position {e.Position} of the source is not event {copy.Id} at position {copy.Position} of the target.");
            tree.Append(leaf);
            same &= e.Position == copy.Position;
            events++;
            samples += CountOf(e);
            progress?.Report(new(Verifying: true, copy.Position, head, samples));
        }
        if (await copies.MoveNextAsync().ConfigureAwait(false))
            throw new LogCopyException($"The target has an event more than the source: {copies.Current.Id}.");
        return new(copied, events, samples, tree.Root(), same);
    }

    private static long CountOf(RecordedEvent e) => e.Body is EventBody.Samples { Batch.Count: var count } ? count : 0;
}
