using Telemetry.Domain.Audit;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Audit;

/// <summary>Walks a log and compares it with its tree and with every checkpoint.</summary>
/// <param name="tree">What the log was when it was projected; null to compare with checkpoints alone.</param>
/// <param name="checkpoints">By ascending size.</param>
/// <param name="key">The log's public key.</param>
/// <param name="readModels">Compares read models with the log; null for none.</param>
/// <param name="secrets">Of Ceilometer's HMACs.</param>
public sealed class LogVerifier(
    IEventStore log, IAuditTree? tree, IReadOnlyList<KeptCheckpoint> checkpoints, NoteVerifier key, ReadModelCheck? readModels = null, SigningSecrets? secrets = null)
{
    /// <summary>After so many faults a log is given up.</summary>
    public const int MaxFaults = 100;

    private const int ReportEvery = 1000; // events

    private readonly List<AuditFault> _faults = [];
    private readonly Dictionary<StreamName, Walked> _streams = [];
    private readonly EventHasher _hasher = new();
    private readonly MerkleTree _rebuilt = new();
    private readonly SignatureVerifier _signatures = new(log);
    private readonly HmacVerifier _hmacs = new(secrets ?? SigningSecrets.None);
    private bool _oneByOne;
    private int _nextCheckpoint;
    private int _streamsCompared;
    private long _lastGood; // the size of the last checkpoint that the log follows

    /// <summary>Walks the whole log. What is appended meanwhile is not looked at.</summary>
    public async Task<AuditReport> VerifyAsync(IProgress<AuditProgress>? progress = null, CancellationToken ct = default)
    {
        var head = await log.HeadAsync(ct);
        var comparison = tree is null ? null : new TreeComparison(tree, _faults);
        var (events, samples, position) = (0L, 0L, 0L);
        CheckForgeries();
        CheckCheckpoints();
        var reading = log.ReadAllAsync(0, ct).GetAsyncEnumerator(ct);
        await using (reading)
        {
            while (_faults.Count < MaxFaults && await NextAsync(reading, position, head, ct) is { } recorded)
            {
                if (recorded.Position <= position)
                    Add(AuditFaultKind.Reordered, recorded, $"Position {recorded.Position} comes after position {position}.");
                position = recorded.Position;
                events++;
                samples += recorded.Body is EventBody.Samples { Batch.Count: var count } ? count : 0;
                await VerifyAsync(recorded, comparison, ct);
                if (events % ReportEvery == 0)
                    progress?.Report(new(position, head, samples));
            }
        }
        comparison?.Close();
        foreach (var missing in checkpoints.Skip(_nextCheckpoint).Take(1))
            _faults.Add(new(AuditFaultKind.RolledBack, _rebuilt.Size, null, null, null, $"The log ends after {_rebuilt.Size} leaves; a checkpoint was signed for {missing.Size}."));
        if (_faults.Count == 0)
            await CheckStreamsAsync(position, samples, progress, ct);
        if (readModels is not null && _faults.Count == 0) // they cannot be better than the log
        {
            await foreach (var difference in readModels.CompareAsync(log, ct))
                _faults.Add(new(AuditFaultKind.ReadModelDiffers, null, null, null, null, difference));
        }
        progress?.Report(new(position, head, samples));
        return new(
            events, _rebuilt.Size, samples, Math.Max(0, _rebuilt.Size - (tree?.Size ?? _lastGood)), _rebuilt.Root().ToString(), checkpoints.Count,
            _signatures.Verified, _hmacs.Verified, _hmacs.Unverified, readModels?.Compared ?? 0, readModels?.AlarmsCompared ?? 0, _streamsCompared, [.. _faults.Take(MaxFaults)]);
    }

    /// <summary>The event after a position. Stores read many at once: where that fails they are read one by one, up to the one that cannot be.</summary>
    private async Task<RecordedEvent?> NextAsync(IAsyncEnumerator<RecordedEvent> reading, long position, long head, CancellationToken ct)
    {
        var next = position;
        try
        {
            if (!_oneByOne)
                return await reading.MoveNextAsync() ? reading.Current : null;
            while (++next <= head)
            {
                if (await log.FindAsync(next, ct) is { } found)
                    return found;
            }
            return null;
        }
#pragma warning disable CA1031 // whatever a store throws at a damaged record, the walk ends there and says so
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            if (!_oneByOne)
            {
                _oneByOne = true;
                return await NextAsync(reading, position, head, ct);
            }
            _faults.Add(new(AuditFaultKind.Unreadable, _rebuilt.Size, next, null, null, $"Position {next} cannot be read: {e.Message}"));
            return null;
        }
    }

    private async Task VerifyAsync(RecordedEvent recorded, TreeComparison? comparison, CancellationToken ct)
    {
        foreach (var entry in IndexEntry.Of(recorded.Position, recorded.Streams))
        {
            var (stream, version) = (entry.Stream, entry.Version);
            if (!_streams.TryGetValue(stream, out var walked))
                _streams.Add(stream, walked = new());
            if (version != walked.Last + 1)
                _faults.Add(new(AuditFaultKind.VersionGap, null, recorded.Position, stream, version, $"Stream '{stream}' goes on with version {version} at position {recorded.Position}, not with {walked.Last + 1}."));
            walked.Last = version;
            walked.Difference += Walked.Weight(entry);
        }
        CanonicalEvent leaf;
        try
        {
            leaf = _hasher.Canonical(recorded);
        }
        catch (InvalidDataException e)
        {
            Add(AuditFaultKind.Altered, recorded, e.Message);
            return;
        }
        var hash = leaf.LeafHash();
        comparison?.Next(new(hash, recorded.Position, recorded.Streams));
        _rebuilt.Append(hash);
        CheckCheckpoints(recorded.Position);
        if (await _signatures.ProblemOfAsync(recorded, leaf, ct) is { } problem)
            Add(AuditFaultKind.BadSignature, recorded, problem);
        _hmacs.Add(recorded);
        readModels?.Add(recorded);
    }

    /// <summary>The streams that a store lists, and finds events by, are those that the walk went through.</summary>
    private async Task CheckStreamsAsync(long head, long samples, IProgress<AuditProgress>? progress, CancellationToken ct)
    {
        var isWhole = await ReadIndexAsync(head, samples, progress, ct);
        var isStill = await log.HeadAsync(ct) == head;
        await foreach (var (stream, last) in log.ListStreamsAsync(ct: ct))
        {
            var walked = _streams.GetValueOrDefault(stream);
            // One that is ahead of the walk may have grown meanwhile.
            if (walked is null ? await FirstPositionAsync(stream, ct) <= head : last < walked.Last || (isStill && last != walked.Last))
                _faults.Add(new(AuditFaultKind.StreamDiffers, null, null, stream, last, $"Stream '{stream}' is listed with version {last}; the log has {walked?.Last ?? 0}."));
            else if (isWhole && walked is { Difference: not 0, IsDeleted: false })
                await CheckIndexAsync(stream, walked.Last, ct);
            if (walked is not null)
                walked.IsListed = true;
            if (_faults.Count >= MaxFaults)
                break;
        }
        foreach (var (stream, walked) in _streams.Where(s => s.Value is { IsListed: false, IsDeleted: false }).Take(MaxFaults - _faults.Count))
            _faults.Add(new(AuditFaultKind.StreamDiffers, null, null, stream, 1, $"Stream '{stream}' is not listed; the log has version {walked.Last}."));
        _streamsCompared = isWhole ? _streams.Count : 0;
        await LocateAsync(ct);
    }

    /// <summary>Takes the index off what the log has: nothing is left of a stream that is right.</summary>
    /// <returns>False where it cannot be read; then that is a fault.</returns>
    private async Task<bool> ReadIndexAsync(long head, long samples, IProgress<AuditProgress>? progress, CancellationToken ct)
    {
        var (read, all) = (0L, Math.Max(1, _streams.Values.Sum(s => s.Last)));
        try
        {
            await foreach (var entry in log.ReadIndexAsync(ct))
            {
                if (++read % ReportEvery == 0)
                    progress?.Report(new((long)(head * Math.Min(1, (double)read / all)), head, samples)); // from the beginning once more
                if (entry.Position > head)
                    continue; // appended meanwhile
                if (_streams.TryGetValue(entry.Stream, out var walked))
                {
                    walked.IsDeleted |= entry.Version == IndexEntry.Deleted;
                    walked.Difference -= Walked.Weight(entry);
                }
                else if (entry.Position > 0 && _faults.Count < MaxFaults)
                {
                    _faults.Add(new(AuditFaultKind.StreamDiffers, null, entry.Position, entry.Stream, entry.Version,
                        $"Version {entry.Version} of stream '{entry.Stream}' leads to position {entry.Position}; the log has no such stream."));
                }
            }
            return true;
        }
#pragma warning disable CA1031 // whatever a store throws at a damaged index, the fault is found
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            _faults.Add(new(AuditFaultKind.StreamDiffers, null, null, null, null, $"The index of streams cannot be read: {e.Message}"));
            return false;
        }
    }

    /// <summary>Finds where the log has the versions that the index has wrong.</summary>
    private async Task LocateAsync(CancellationToken ct)
    {
        var sought = _faults.Index().Where(f => f.Item is { Stream: not null, Version: not null, Position: null })
            .ToLookup(f => new StreamVersion(f.Item.Stream!.Value, f.Item.Version!.Value), f => f.Index);
        var left = sought.Count;
        if (left == 0)
            return;
        await foreach (var recorded in log.ReadAllAsync(0, ct))
        {
            foreach (var number in recorded.Streams.SelectMany(s => sought[s]))
                _faults[number] = _faults[number] with { Position = recorded.Position };
            left -= recorded.Streams.Count(sought.Contains);
            if (left == 0)
                return;
        }
    }

    /// <summary>A stream read by the store's index is the one that the walk went through: its versions one by one, each in an event that says so itself.</summary>
    private async Task CheckIndexAsync(StreamName stream, long last, CancellationToken ct)
    {
        var expected = 1L;
        try
        {
            await foreach (var e in log.ReadStreamAsync(stream, ct: ct))
            {
                if (expected > last) // appended meanwhile
                    break;
                if (e.Stream != stream || e.Version != expected)
                {
                    _faults.Add(new(AuditFaultKind.StreamDiffers, null, e.Event.Position, stream, expected,
                        $"Version {expected} of stream '{stream}' leads to version {e.Version} of stream '{e.Stream}' at position {e.Event.Position}."));
                    return;
                }
                expected++;
            }
        }
#pragma warning disable CA1031 // whatever a store throws at a damaged index, the fault is found
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            _faults.Add(new(AuditFaultKind.StreamDiffers, null, null, stream, expected, $"Version {expected} of stream '{stream}' cannot be read: {e.Message}"));
            return;
        }
        if (expected <= last)
            _faults.Add(new(AuditFaultKind.StreamDiffers, null, null, stream, expected, $"Stream '{stream}' ends before version {expected} when it is read; the log has {last}."));
        else
            _faults.Add(new(AuditFaultKind.StreamDiffers, null, null, stream, last, $"Stream '{stream}' can be read up to version {last}, but its index has more than the log, or something else."));
    }

    private async Task<long> FirstPositionAsync(StreamName stream, CancellationToken ct)
    {
        await foreach (var e in log.ReadStreamAsync(stream, ct: ct))
            return e.Event.Position;
        return 0;
    }

    private void CheckForgeries()
    {
        foreach (var kept in checkpoints)
        {
            try
            {
                kept.Note.Verify(key);
                if (kept.Checkpoint.Size != kept.Size)
                    throw new NoteException($"The checkpoint kept for size {kept.Size} is of size {kept.Checkpoint.Size}.");
            }
            catch (Exception e) when (e is NoteException or FormatException)
            {
                _faults.Add(new(AuditFaultKind.CheckpointForged, kept.Size, null, null, null, $"The checkpoint at size {kept.Size} cannot be believed: {e.Message}"));
            }
        }
    }

    private void CheckCheckpoints(long? position = null)
    {
        for (; _nextCheckpoint < checkpoints.Count && checkpoints[_nextCheckpoint].Size == _rebuilt.Size; _nextCheckpoint++)
        {
            var (size, root) = (_rebuilt.Size, RootOf(checkpoints[_nextCheckpoint]));
            if (root is null)
                continue; // reported as forged
            if (_rebuilt.Root() != root)
            {
                // All later ones differ by the same fault.
                if (!_faults.Exists(f => f.Kind == AuditFaultKind.CheckpointMismatch))
                    _faults.Add(new(AuditFaultKind.CheckpointMismatch, _lastGood, position, null, null, $"The log was altered between leaf {_lastGood} and leaf {size - 1}: the checkpoint at size {size} was signed for another."));
                continue;
            }
            _lastGood = size;
            if (tree is not null && tree.Size >= size && TreeRoot(size) != root)
                _faults.Add(new(AuditFaultKind.TreeDamaged, null, null, null, null, $"The tree's first {size} leaves are not those of the checkpoint, the log's are: rebuild the tree."));
        }
    }

    private static Digest? RootOf(KeptCheckpoint kept)
    {
        try
        {
            return kept.Checkpoint.Root;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private Digest? TreeRoot(long size)
    {
        try
        {
            return MerkleProof.RootOf(0, size, tree!.Nodes);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private void Add(AuditFaultKind kind, RecordedEvent recorded, string message)
    {
        var (stream, version) = AuditFault.PlaceOf(recorded.Streams);
        _faults.Add(new(kind, _rebuilt.Size, recorded.Position, stream, version, message));
    }

    /// <summary>What a walk knows of a stream.</summary>
    private sealed class Walked
    {
        /// <summary>The last version in the log.</summary>
        public long Last { get; set; }

        /// <summary>The weights of what the log has, less those of what the index has; 0 where they are the same.</summary>
        public ulong Difference { get; set; }

        /// <summary>For good.</summary>
        public bool IsDeleted { get; set; }

        public bool IsListed { get; set; }

        /// <summary>A number that hardly another entry of the stream has, nor some others together.</summary>
        public static ulong Weight(in IndexEntry entry) => Mixed((ulong)entry.Version ^ Mixed((ulong)entry.Position ^ Mixed((ulong)entry.Part)));

        /// <remarks>A step of SplitMix64 (Steele, Lea, Flood 2014).</remarks>
        private static ulong Mixed(ulong z)
        {
            z += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
