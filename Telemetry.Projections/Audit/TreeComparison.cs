using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Audit;

/// <summary>A leaf as the log has it now.</summary>
internal readonly record struct LogLeaf(Digest Hash, long Position, IReadOnlyList<StreamVersion> Streams);

/// <summary>Compares the leaves of a log with those of its tree, and tells what happened where they differ.</summary>
/// <remarks>It looks ahead: where a leaf of the one is found a little later in the other, something was removed, inserted or moved.</remarks>
internal sealed class TreeComparison(IAuditTree tree, List<AuditFault> faults)
{
    private const int LookAhead = 1024; // leaves

    private readonly List<LogLeaf> _log = []; // not compared yet
    private readonly long _size = tree.Size; // what is appended to it meanwhile is not looked at
    private int _done; // of _log
    private long _tree; // the tree's next leaf
    private (long Index, ReadOnlyMemory<byte> Nodes) _tile = (-1, default);

    /// <summary>Takes the log's next leaf.</summary>
    public void Next(LogLeaf leaf)
    {
        // Where all is well nothing is gathered.
        if (_log.Count == 0 && (_tree >= _size || TreeLeaf(_tree) == leaf.Hash))
        {
            _tree++;
            return;
        }
        _log.Add(leaf);
        if (_log.Count - _done > 2 * LookAhead)
            Compare(LookAhead);
    }

    /// <summary>The log has ended.</summary>
    public void Close()
    {
        Compare(0);
        if (_tree < _size && faults.Count < LogVerifier.MaxFaults)
            faults.Add(new(AuditFaultKind.RolledBack, _tree, tree.PositionOf(_tree), null, null, $"The log ends before leaf {_tree}; the tree has {_size} leaves."));
    }

    private void Compare(int keep)
    {
        while (_log.Count - _done > keep && faults.Count < LogVerifier.MaxFaults)
        {
            if (_tree >= _size || TreeLeaf(_tree) == _log[_done].Hash)
            {
                _tree++;
                _done++;
                continue;
            }
            Explain();
        }
        _log.RemoveRange(0, _done);
        _done = 0;
    }

    /// <summary>The next leaves differ: says why, and goes on where they fit again.</summary>
    private void Explain()
    {
        var leaf = _log[_done];
        var removed = AheadInTree(leaf.Hash);
        var inserted = TreeLeaf(_tree) is { } wanted ? AheadInLog(wanted) : 0;
        if (removed > 0 && inserted > 0)
        {
            var moved = Math.Min(Math.Max(removed, inserted) + 1, _log.Count - _done);
            Report(AuditFaultKind.Reordered, leaf, $"{moved} leaves from leaf {_tree} on are in another order than in the tree.");
            (_tree, _done) = (_tree + moved, _done + moved);
        }
        else if (removed > 0)
        {
            Report(AuditFaultKind.Removed, leaf, $"{removed} leaves from leaf {_tree} on (position {tree.PositionOf(_tree)}) are missing before position {leaf.Position}.");
            _tree += removed;
        }
        else if (inserted > 0)
        {
            Report(AuditFaultKind.Inserted, leaf, $"{inserted} leaves at position {leaf.Position} are not in the tree, before its leaf {_tree}.");
            _done += inserted;
        }
        else
        {
            Report(AuditFaultKind.Altered, leaf, $"The event at position {leaf.Position} is not what the tree has as leaf {_tree}.");
            (_tree, _done) = (_tree + 1, _done + 1);
        }
    }

    private void Report(AuditFaultKind kind, LogLeaf leaf, string message)
    {
        var (stream, version) = AuditFault.PlaceOf(leaf.Streams);
        faults.Add(new(kind, _tree, leaf.Position, stream, version, message));
    }

    /// <summary>How many leaves further the tree has a hash; 0 where it has it not.</summary>
    private int AheadInTree(Digest hash)
    {
        for (var n = 1; n <= LookAhead && _tree + n < _size; n++)
        {
            if (TreeLeaf(_tree + n) == hash)
                return n;
        }
        return 0;
    }

    private int AheadInLog(Digest hash)
    {
        for (var n = 1; n <= LookAhead && _done + n < _log.Count; n++)
        {
            if (_log[_done + n].Hash == hash)
                return n;
        }
        return 0;
    }

    /// <summary>Null where the tile is damaged.</summary>
    private Digest? TreeLeaf(long leaf)
    {
        var (index, n) = Math.DivRem(leaf, Tile.FullWidth);
        if (_tile.Index != index)
            _tile = (index, tree.ReadTile(0, index));
        var start = (int)n * Digest.Length;
        return start + Digest.Length <= _tile.Nodes.Length ? new Digest(_tile.Nodes.Span.Slice(start, Digest.Length)) : null;
    }
}
