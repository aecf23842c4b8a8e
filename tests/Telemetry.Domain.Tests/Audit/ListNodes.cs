using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Tests.Audit;

/// <summary>The nodes of a tree whose leaves are all at hand, hashed as RFC 6962's definition says it.</summary>
internal sealed class ListNodes(IEnumerable<Digest> leaves) : IMerkleNodes
{
    private readonly Digest[] _leaves = [.. leaves];

    public Digest Read(int level, long index) => level == 0
        ? _leaves[index]
        : MerkleTree.NodeHash(Read(level - 1, 2 * index), Read(level - 1, (2 * index) + 1));
}
