using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores.Sqlite;

namespace Telemetry.Projections.Audit;

/// <summary>The Merkle tree over all events in log order, kept in tiles. Built again from the log it is the same.</summary>
internal sealed class AuditProjection(ReadModelDatabase database, ILogger<AuditProjection> log) : IProjection, IAuditTree
{
    public const string ProjectionName = "audit";
    private const int CurrentVersion = 2;
    private const double FlushLeaves = 2_000; // after a crash as many events are read again

    private readonly Lock _generations = new();
    private volatile AuditModel? _model;
    private int _lastGeneration;

    public string Name => ProjectionName;
    public int Version => CurrentVersion;
    public long Position => Model.Position;
    public double FlushPressure => Model.Unflushed / FlushLeaves;
    public long Size => Model.Size;
    public IMerkleNodes Nodes => new TileNodes(Model.Nodes);

    private AuditModel Model => _model ?? throw new InvalidOperationException("The projection 'audit' is not loaded yet.");

    public ReadOnlyMemory<byte> ReadTile(int level, long index) => Model.Nodes(level, index);

    public long? LeafOf(long position) => Model.LeafOf(position);

    public long? PositionOf(long leaf) => Model.PositionOf(leaf);

    public void Load()
    {
        try
        {
            ProjectionRow? row;
            using (var lease = database.Connect())
                row = ProjectionRow.Find(lease, Name);
            _lastGeneration = row?.Generation ?? 0;
            if (row is not { } found)
            {
                Reset();
                return;
            }
            if (found.Version != CurrentVersion)
            {
                Log.ProjectionOutdated(log, Name, found.Version, CurrentVersion);
                Reset();
                return;
            }
            var model = new AuditModel(Tables(found.Generation));
            model.Load();
            AuditTables.DropOthers(database, Name, found.Generation);
            _model = model;
        }
        catch (Exception e) when (e is InvalidDataException or SqliteException { SqliteErrorCode: not SQLitePCL.raw.SQLITE_FULL })
        {
            throw new ReadModelDamagedException($"The read model of '{Name}' in '{database.FilePath}' cannot be read: {e.Message}", e);
        }
    }

    public void Reset()
    {
        if (_lastGeneration > 0)
            Tables(_lastGeneration).Drop();
        var tables = Tables(NextGeneration());
        tables.Create();
        tables.Publish(0);
        _model = new(tables);
    }

    public void Apply(RecordedEvent recorded) => Model.Apply(recorded);

    public void Flush() => Model.Flush(live: true);

    public IProjectionRebuild BeginRebuild()
    {
        var tables = Tables(NextGeneration());
        tables.Create();
        return new Rebuild(this, new(tables));
    }

    private AuditTables Tables(int generation) => new(database, Name, CurrentVersion, generation);

    private int NextGeneration()
    {
        lock (_generations)
            return ++_lastGeneration;
    }

    private sealed class Rebuild(AuditProjection owner, AuditModel model) : IProjectionRebuild
    {
        private AuditModel? _replaced;

        public long Position => model.Position;
        public double FlushPressure => model.Unflushed / FlushLeaves;

        public void Apply(RecordedEvent recorded) => model.Apply(recorded);

        public void Flush(bool whole) => model.Flush(live: false);

        public void Complete()
        {
            var old = owner.Model;
            if (old.Position > model.Position)
                throw new InvalidOperationException($"The live generation is at {old.Position}, the new one only at {model.Position}.");
            model.Flush(live: true);
            owner._model = model;
            _replaced = old;
        }

        public Task DropReplacedAsync()
        {
            _replaced?.Tables.Drop();
            return Task.CompletedTask;
        }

        public void Dispose()
        {
            if (_replaced is null)
                model.Tables.Drop();
        }
    }
}
