using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Audit;

/// <summary>What is wrong with a log.</summary>
public enum AuditFaultKind
{
    /// <summary>An event says something else than when it was put into the tree.</summary>
    Altered,

    /// <summary>Events that the tree has are missing.</summary>
    Removed,

    /// <summary>There are events that the tree does not have, between ones that it has.</summary>
    Inserted,

    /// <summary>Events are in another order than in the tree.</summary>
    Reordered,

    /// <summary>The log ends before the tree, or before a checkpoint.</summary>
    RolledBack,

    /// <summary>A stream's versions do not follow each other.</summary>
    VersionGap,

    /// <summary>An event cannot be read.</summary>
    Unreadable,

    /// <summary>The log is not the one that a checkpoint was signed for.</summary>
    CheckpointMismatch,

    /// <summary>A kept checkpoint is not signed by the log's key.</summary>
    CheckpointForged,

    /// <summary>The tree is not the one that a checkpoint was signed for, while the log is; it has to be rebuilt.</summary>
    TreeDamaged,

    /// <summary>A read model answers something else than the log says; it has to be rebuilt.</summary>
    ReadModelDiffers,

    /// <summary>The list or the index of streams says something else than the log.</summary>
    StreamDiffers,

    /// <summary>A sender's signature does not fit what it is of, or its key.</summary>
    BadSignature,
}

/// <summary>A fault and where it lies; what is not known is null.</summary>
/// <param name="Leaf">The leaf of the tree, from 0.</param>
/// <param name="Position">The position in the log.</param>
/// <param name="Stream">The event's stream; null where it has several, or none.</param>
public sealed record AuditFault(AuditFaultKind Kind, long? Leaf, long? Position, StreamName? Stream, long? Version, string Message)
{
    internal static (StreamName? Stream, long? Version) PlaceOf(IReadOnlyList<StreamVersion> streams) =>
        streams.Count == 1 ? (streams[0].Stream, streams[0].Version) : (null, null);
}

/// <summary>What a walk through the log found.</summary>
/// <param name="Unverified">Leaves after the tree's last one: appended since it was built, so that nothing says what they should be.</param>
/// <param name="Signatures">How many senders' signatures were verified.</param>
/// <param name="Hmacs">How many of Ceilometer's HMACs were verified.</param>
/// <param name="UnverifiedHmacs">How many were not: no secret was given, or what was signed is not all kept.</param>
/// <param name="SeriesCompared">How many series were compared with the read models.</param>
/// <param name="AlarmsCompared">How many alarms.</param>
/// <param name="StreamsCompared">How many streams were compared with the index that the store reads them by: all, where there was no fault before.</param>
/// <param name="Faults">In the order of the log; at most <see cref="LogVerifier.MaxFaults"/>.</param>
public sealed record AuditReport(
    long Events, long Leaves, long Samples, long Unverified, string Root, int Checkpoints, long Signatures,
    long Hmacs, long UnverifiedHmacs, int SeriesCompared, int AlarmsCompared, int StreamsCompared, IReadOnlyList<AuditFault> Faults)
{
    public bool IsSound => Faults.Count == 0;
}

/// <summary>How far a walk has come.</summary>
public readonly record struct AuditProgress(long Position, long Head, long Samples);
