using Telemetry.Domain.Streams;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Running;

/// <summary>One generation of a projection: what its tables hold, and in memory what was applied since.</summary>
/// <remarks>One thread applies, any number read. <see cref="Flush"/> runs beside them, one at a time.</remarks>
internal interface IStoredModel
{
    IProjectionTables Tables { get; }

    /// <summary>The position of the last event that was applied.</summary>
    long Position { get; }

    /// <summary>How much was applied since the last flush began, in a unit of the model's own.</summary>
    long Unflushed { get; }

    /// <summary>What is stored of each range, by this process or another, as far as this one knows.</summary>
    IReadOnlyList<long> Stored { get; }

    /// <summary>Reads what the tables hold; only for a new model.</summary>
    /// <returns>False where these are not the live ones any more: then nothing was read.</returns>
    /// <exception cref="InvalidDataException">The tables contradict themselves.</exception>
    bool Load();

    /// <summary>Lets go of what other processes have stored by now. Never while a flush is under way.</summary>
    /// <returns>False where the tables are not the live ones any more.</returns>
    bool Follow();

    /// <summary>Takes the next event, whole or not at all. It is one that was not applied yet.</summary>
    void Apply(RecordedEvent recorded);

    /// <summary>Stores everything since the last flush of some ranges, and for the live generation how far that is, in one transaction.</summary>
    /// <remarks>Where it fails nothing was stored, and a later flush stores it too.</remarks>
    /// <exception cref="ReadModelTakenException">Another process has stored some of it.</exception>
    /// <param name="live">Whether the checkpoint is stored too, which a generation that is being built has none of.</param>
    /// <param name="whole">Also what the next whole flush stores again.</param>
    void Flush(IReadOnlyList<int> ranges, bool live, bool whole = true);

    /// <summary>Lets no reader in any more; completes when the last one is gone.</summary>
    Task RetireAsync();
}
