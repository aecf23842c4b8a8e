using Telemetry.Domain.Streams;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Running;

/// <summary>A read model that follows the log: a pure function of its events, with a checkpoint.</summary>
/// <remarks>
/// One thread loads, applies and, through <see cref="BeginRebuild"/>, replaces; <see cref="Flush"/> runs beside it, one at a time.
/// What was applied and not flushed is applied again after a restart.
/// </remarks>
public interface IProjection
{
    /// <summary>As <c>telemetry rebuild NAME</c> calls it: lower-case words joined by underscores.</summary>
    string Name { get; }

    /// <summary>Raised when the meaning of <see cref="Apply"/> changes: what another version has built is built again.</summary>
    int Version { get; }

    /// <summary>The position of the last event that was applied; readers see it.</summary>
    long Position { get; }

    /// <summary>From which position on it can be read. What was loaded may be further in some ranges than in others; applying the log up to here makes up for it.</summary>
    long ReadableFrom { get; }

    /// <summary>The ranges that it is stored in, by number: the names under which they are leased.</summary>
    IReadOnlyList<string> Shares { get; }

    /// <summary>Reads the state of the last flush, or begins at position 0 where there is none that fits.</summary>
    /// <exception cref="ReadModelDamagedException">The file is damaged and has to be made anew, for all projections in it.</exception>
    void Load();

    /// <summary>Drops everything and begins at position 0.</summary>
    void Reset();

    /// <summary>Takes the next event, whole or not at all.</summary>
    void Apply(RecordedEvent recorded);

    /// <summary>How much waits for a flush: 0 where nothing does, 1 and more where it is time.</summary>
    double FlushPressure { get; }

    /// <summary>Stores what was applied in some ranges, where that is more than is stored, and how far it is, in one transaction.</summary>
    /// <exception cref="ReadModelTakenException">Another process has stored some of it meanwhile: <see cref="Follow"/>.</exception>
    void Flush(IReadOnlyList<int> ranges);

    /// <summary>Whether other processes store it too: then the one that holds its lease stores a range.</summary>
    bool IsShared { get; }

    /// <summary>Asks the store what other processes have stored: memory lets go of it, and what is stored next goes on from there.</summary>
    /// <returns>False where another generation is live: reload.</returns>
    bool Follow();

    /// <summary>Begins an empty generation beside this one, which need not be loaded.</summary>
    IProjectionRebuild BeginRebuild();

    /// <summary>Loads beside this one the generation that is live now, which another process has made so.</summary>
    IProjectionRebuild BeginReload();
}

/// <summary>A generation that is being built from position 0.</summary>
public interface IProjectionRebuild : IDisposable
{
    long Position { get; }

    void Apply(RecordedEvent recorded);

    double FlushPressure { get; }

    /// <summary>Stores what was applied.</summary>
    /// <param name="whole">Also what the next whole flush stores again; needed once, before the end.</param>
    void Flush(bool whole = true);

    /// <summary>Stores this generation and puts it into the place of the live one, which must not have applied more.</summary>
    /// <remarks>Disposing without this leaves the live one as it was.</remarks>
    void Complete();

    /// <summary>Drops the generation that was replaced, as soon as no query uses it.</summary>
    Task DropReplacedAsync();
}

/// <summary>The read-model file cannot be read; the log still has everything.</summary>
public sealed class ReadModelDamagedException(string message, Exception cause) : Exception(message, cause)
{
    /// <summary>What is to be made anew.</summary>
    internal IReadModelStore? Store { get; init; }
}
