using System.Numerics;

namespace Telemetry.Domain.Audit;

/// <summary>A Merkle tree of which only what appending needs is kept: the roots of its complete subtrees, one for each bit of its size.</summary>
/// <remarks>Hashes as RFC 6962, section 2.1, says: a leaf is hashed after a zero byte, a node after a one. 64 digests at most, however many leaves.</remarks>
public sealed class MerkleTree
{
    private readonly List<Digest> _roots = []; // of complete subtrees, the largest, leftmost first

    /// <summary>How many leaves were appended.</summary>
    public long Size { get; private set; }

    /// <summary>The tree of no leaves: the hash of nothing.</summary>
    public static readonly Digest EmptyRoot = Digest.Of([]);

    /// <summary>An empty tree.</summary>
    public MerkleTree()
    {
    }

    /// <summary>The tree of the first <paramref name="size"/> leaves that a reader knows.</summary>
    public MerkleTree(long size, IMerkleNodes nodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentNullException.ThrowIfNull(nodes);
        Size = size;
        for (var level = 62; level >= 0; level--)
        {
            if ((size >> level & 1) == 1)
                _roots.Add(nodes.Read(level, (size >> level) - 1));
        }
    }

    /// <summary>The digest of a leaf's content.</summary>
    public static Digest LeafHash(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Digest.Length];
        Span<byte> small = stackalloc byte[1024];
        var input = content.Length < small.Length ? small[..(content.Length + 1)] : new byte[content.Length + 1];
        input[0] = 0;
        content.CopyTo(input[1..]);
        Sha256.Hash(input, hash);
        return new(hash);
    }

    /// <summary>The digest of a node.</summary>
    public static Digest NodeHash(in Digest left, in Digest right)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Digest.Length)];
        Span<byte> hash = stackalloc byte[Digest.Length];
        input[0] = 1;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Digest.Length)..]);
        Sha256.Hash(input, hash);
        return new(hash);
    }

    /// <summary>The root of a list of leaf hashes.</summary>
    public static Digest RootOf(IEnumerable<Digest> leaves)
    {
        var tree = new MerkleTree();
        foreach (var leaf in leaves)
            tree.Append(leaf);
        return tree.Root();
    }

    /// <summary>Adds a leaf on the right.</summary>
    public void Append(Digest leafHash)
    {
        var hash = leafHash;
        for (var complete = BitOperations.TrailingZeroCount(~Size); complete > 0; complete--)
        {
            hash = NodeHash(_roots[^1], hash);
            _roots.RemoveAt(_roots.Count - 1);
        }
        _roots.Add(hash);
        Size++;
    }

    /// <summary>The root of the tree as it is now.</summary>
    public Digest Root()
    {
        if (_roots.Count == 0)
            return EmptyRoot;
        var root = _roots[^1];
        for (var i = _roots.Count - 2; i >= 0; i--)
            root = NodeHash(_roots[i], root);
        return root;
    }
}
