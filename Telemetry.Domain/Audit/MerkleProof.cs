namespace Telemetry.Domain.Audit;

/// <summary>Makes and checks proofs about Merkle trees.</summary>
/// <remarks>Making follows RFC 6962, sections 2.1.1 and 2.1.2; checking follows RFC 9162, sections 2.1.3.2 and 2.1.4.2.</remarks>
public static class MerkleProof
{
    /// <summary>No path in a tree of a 63-bit size is longer.</summary>
    public const int MaxLength = 126;

    /// <summary>The nodes that lead from a leaf to the root, the lowest first.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tree has no such leaf.</exception>
    public static IReadOnlyList<Digest> Inclusion(long index, long size, IMerkleNodes nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var path = new List<Digest>();
        AddPath(path, index, 0, size, nodes);
        return path;
    }

    /// <summary>The nodes that show that the tree of the first size grew into the tree of the second; none where they are equal or the first is empty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The first size is greater than the second, or negative.</exception>
    public static IReadOnlyList<Digest> Consistency(long first, long second, IMerkleNodes nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, second);
        var path = new List<Digest>();
        if (first > 0 && first < second)
            AddSubProof(path, first, 0, second, whole: true, nodes);
        return path;
    }

    /// <summary>The root of leaves <paramref name="from"/> up to <paramref name="to"/>, where <paramref name="from"/> is aligned to what the range needs.</summary>
    public static Digest RootOf(long from, long to, IMerkleNodes nodes)
    {
        if (from == to)
            return MerkleTree.EmptyRoot;
        var count = to - from;
        if (long.IsPow2(count))
            return nodes.Read((int)long.Log2(count), from / count);
        var split = Split(count);
        return MerkleTree.NodeHash(RootOf(from, from + split, nodes), RootOf(from + split, to, nodes));
    }

    /// <summary>Whether the leaf is at its index in the tree of that root.</summary>
    public static bool VerifyInclusion(Digest leafHash, long index, long size, IReadOnlyList<Digest> path, Digest root) =>
        RootFrom(leafHash, index, size, path) == root;

    /// <summary>The root that a path leads to; null where it does not fit the index and size.</summary>
    public static Digest? RootFrom(Digest leafHash, long index, long size, IReadOnlyList<Digest> path)
    {
        if (index < 0 || index >= size)
            return null;
        var (node, last, hash) = (index, size - 1, leafHash);
        foreach (var sibling in path)
        {
            if (last == 0)
                return null;
            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleTree.NodeHash(sibling, hash);
                while ((node & 1) == 0 && node != 0)
                    (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                hash = MerkleTree.NodeHash(hash, sibling);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        return last == 0 ? hash : null;
    }

    /// <summary>Whether the second tree begins with all leaves of the first.</summary>
    public static bool VerifyConsistency(long first, long second, IReadOnlyList<Digest> path, Digest firstRoot, Digest secondRoot)
    {
        if (first < 0 || first > second)
            return false;
        if (first == second)
            return path.Count == 0 && firstRoot == secondRoot;
        if (first == 0)
            return path.Count == 0 && firstRoot == MerkleTree.EmptyRoot;
        if (path.Count == 0)
            return false;
        // Where the first tree is complete its root is the path's implied beginning.
        var start = long.IsPow2(first) ? 0 : 1;
        var (node, last) = (first - 1, second - 1);
        while ((node & 1) == 1)
            (node, last) = (node >> 1, last >> 1);
        var older = start == 0 ? firstRoot : path[0];
        var newer = older;
        for (var i = start; i < path.Count; i++)
        {
            if (last == 0)
                return false;
            if ((node & 1) == 1 || node == last)
            {
                older = MerkleTree.NodeHash(path[i], older);
                newer = MerkleTree.NodeHash(path[i], newer);
                while ((node & 1) == 0 && node != 0)
                    (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                newer = MerkleTree.NodeHash(newer, path[i]);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        return last == 0 && older == firstRoot && newer == secondRoot;
    }

    private static void AddPath(List<Digest> path, long index, long from, long to, IMerkleNodes nodes)
    {
        if (to - from == 1)
            return;
        var middle = from + Split(to - from);
        if (index < middle)
        {
            AddPath(path, index, from, middle, nodes);
            path.Add(RootOf(middle, to, nodes));
        }
        else
        {
            AddPath(path, index, middle, to, nodes);
            path.Add(RootOf(from, middle, nodes));
        }
    }

    private static void AddSubProof(List<Digest> path, long first, long from, long to, bool whole, IMerkleNodes nodes)
    {
        if (first == to)
        {
            if (!whole)
                path.Add(RootOf(from, to, nodes));
            return;
        }
        var middle = from + Split(to - from);
        if (first <= middle)
        {
            AddSubProof(path, first, from, middle, whole, nodes);
            path.Add(RootOf(middle, to, nodes));
        }
        else
        {
            AddSubProof(path, first, middle, to, whole: false, nodes);
            path.Add(RootOf(from, middle, nodes));
        }
    }

    /// <summary>The largest power of two that is less than a count of at least 2.</summary>
    private static long Split(long count) => 1L << (int)long.Log2(count - 1);
}
