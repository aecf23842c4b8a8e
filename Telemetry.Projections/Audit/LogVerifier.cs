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
    private readonly Dictionary<StreamName, long> _versions = [];
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
            await CheckStreamsAsync(position, ct);
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
        foreach (var (stream, version) in recorded.Streams)
        {
            var expected = _versions.GetValueOrDefault(stream) + 1;
            if (version != expected)
                _faults.Add(new(AuditFaultKind.VersionGap, null, recorded.Position, stream, version, $"Stream '{stream}' goes on with version {version} at position {recorded.Position}, not with {expected}."));
            _versions[stream] = version;
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
    private async Task CheckStreamsAsync(long head, CancellationToken ct)
    {
        var listed = 0;
        var chosen = Chosen();
        var isStill = await log.HeadAsync(ct) == head;
        await foreach (var (stream, last) in log.ListStreamsAsync(ct: ct))
        {
            var walked = _versions.GetValueOrDefault(stream);
            listed += walked > 0 ? 1 : 0;
            // One that is ahead of the walk may have grown meanwhile.
            if (last < walked || (isStill && last != walked) || (walked == 0 && await FirstPositionAsync(stream, ct) <= head))
                _faults.Add(new(AuditFaultKind.StreamDiffers, null, null, stream, last, $"Stream '{stream}' is listed with version {last}; the log has {walked}."));
            else if (chosen.Contains(stream))
                await CheckIndexAsync(stream, walked, ct);
            if (_faults.Count >= MaxFaults)
                return;
        }
        if (listed < _versions.Count)
            _faults.Add(new(AuditFaultKind.StreamDiffers, null, null, null, null, $"{_versions.Count - listed} streams that the log has are not listed."));
    }

    private HashSet<StreamName> Chosen()
    {
        if (readModels is null || readModels.Streams == 0)
            return [];
        var names = _versions.Keys.ToArray();
        if (names.Length > readModels.Streams)
            Random.Shared.Shuffle(names);
        return [.. names.Take(readModels.Streams)];
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
        _streamsCompared++;
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
}
