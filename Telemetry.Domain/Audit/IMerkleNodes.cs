namespace Telemetry.Domain.Audit;

/// <summary>Gives the roots of complete, aligned subtrees: all that proofs are made of.</summary>
public interface IMerkleNodes
{
    /// <summary>The root over the leaves <c>index * 2^level</c> up to, not including, <c>(index + 1) * 2^level</c>.</summary>
    /// <exception cref="InvalidDataException">The subtree is not complete, or what is kept of it is damaged.</exception>
    Digest Read(int level, long index);
}
