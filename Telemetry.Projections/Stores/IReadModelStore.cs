namespace Telemetry.Projections.Stores;

/// <summary>Where read models are kept. Everything in it can be built from the log again.</summary>
/// <remarks>
/// Every projection has a row with its version and generation, tables whose names end in its generation, and positions up to which these are
/// complete: one, or, where processes share the store, one for each of some ranges of a hash that its rows are divided by. Rows and positions
/// commit in one transaction. The conformance suite of read-model stores is this contract again, as tests.
/// </remarks>
internal interface IReadModelStore : IDisposable
{
    /// <summary>The file or the database, for messages.</summary>
    string Location { get; }

    /// <summary>Whether other processes may use it at the same time.</summary>
    bool IsShared { get; }

    /// <summary>What the store knows of a projection, null where it is new.</summary>
    ProjectionRow? Find(string projection);

    /// <summary>A number that no generation had before.</summary>
    int NextGeneration();

    /// <summary>Whether an exception tells that the tables cannot be read, and not that the store does not answer.</summary>
    bool IsDamage(Exception exception);

    /// <summary>Throws everything away. Only while nothing else in this process uses it.</summary>
    void Recreate();

    /// <param name="step">Called with a name before each step of a flush: tests stop there.</param>
    ISampleTables SampleTables(Generation generation, Action<string>? step = null);

    IAuditTables AuditTables(Generation generation);

    /// <inheritdoc cref="SampleTables"/>
    IEventTables EventTables(Generation generation, Action<string>? step = null);
}

/// <summary>One build of a projection by one version of its code; it has tables of its own.</summary>
internal readonly record struct Generation(string Projection, int Version, int Number);

/// <summary>What the store knows of a projection: which tables are its own.</summary>
internal readonly record struct ProjectionRow(int Version, int Generation);

/// <summary>The tables of one generation.</summary>
internal interface IProjectionTables
{
    Generation Generation { get; }

    /// <summary>How many ranges its rows are divided into.</summary>
    int Ranges { get; }

    /// <summary>What the tables are complete up to, by range; null where these are not the live ones.</summary>
    /// <remarks>The next write has to find the same: else another process has stored something meanwhile.</remarks>
    long[]? Positions();

    /// <summary>Makes empty tables; ones that an interrupted rebuild left are dropped before.</summary>
    void Create();

    void Drop();

    /// <summary>Drops what interrupted rebuilds left.</summary>
    void DropOthers();

    /// <summary>Makes this the live generation, empty.</summary>
    /// <param name="replaces">The live generation's number as far as the caller knows, 0 for none.</param>
    /// <returns>False where another process has made another one live.</returns>
    bool TryPublish(int replaces);

    /// <summary>The next write of a checkpoint makes this the live generation in the place of another one.</summary>
    void TakePlaceOf(IProjectionTables live);

    /// <summary>Drops tables that were replaced; in a shared store once no process can be reading them any more.</summary>
    void DropReplaced();

    /// <summary>Until it is disposed, all reads through this object see one state of the tables. For one thread.</summary>
    IDisposable BeginSnapshot();
}

/// <summary>Another process has stored the projection meanwhile, or this one may not any more; nothing was written.</summary>
internal sealed class ReadModelTakenException(string message) : Exception(message);
