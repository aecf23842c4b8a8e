namespace Telemetry.Projections.Audit;

/// <summary>Every checkpoint that was ever signed. Neither part of the log nor of the read models: what proves a log must outlive both.</summary>
/// <remarks>Safe for use by many threads.</remarks>
public interface ICheckpoints : IDisposable
{
    /// <summary>Whether other processes sign as well: then one may have signed more than this process has read.</summary>
    bool AreShared { get; }

    /// <summary>The checkpoint of the largest tree; null where there is none.</summary>
    KeptCheckpoint? Latest();

    /// <summary>The checkpoint of a tree's size; null where none was signed.</summary>
    KeptCheckpoint? Find(long size);

    /// <summary>The checkpoint of the smallest tree that has the event at a position; null where none does yet.</summary>
    KeptCheckpoint? Covering(long position);

    /// <summary>All checkpoints by ascending size.</summary>
    IReadOnlyList<KeptCheckpoint> All();

    /// <summary>Keeps a checkpoint; of one that is kept already the signatures that are new.</summary>
    /// <returns>The checkpoint as it is kept now.</returns>
    KeptCheckpoint Keep(KeptCheckpoint checkpoint);
}
