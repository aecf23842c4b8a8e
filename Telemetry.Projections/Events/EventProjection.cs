using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores.Sqlite;

namespace Telemetry.Projections.Events;

/// <summary>Telemetry events with their traits: what the event reader answers from.</summary>
/// <param name="step">Called before each step of a flush: tests stop there.</param>
internal sealed class EventProjection(ReadModelDatabase database, ILogger<EventProjection> log, Action<string>? step = null) : IProjection
{
    public const string ProjectionName = "events";
    private const int CurrentVersion = 1;

    /// <summary>Few enough to be searched without an index.</summary>
    private const double FlushEvents = 2_000;

    private readonly Lock _generations = new();
    private volatile EventModel? _model;
    private int _lastGeneration;

    public string Name => ProjectionName;
    public int Version => CurrentVersion;
    public long Position => Model.Position;
    public double FlushPressure => Model.Unflushed / FlushEvents;

    private EventModel Model => _model ?? throw new InvalidOperationException($"The projection '{ProjectionName}' is not loaded yet.");

    /// <summary>Begins to read the live generation.</summary>
    public EventModel.Reading Read()
    {
        while (true)
        {
            if (Model.TryRead() is { } reading)
                return reading; // else it was replaced this moment
        }
    }

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
            var model = new EventModel(Tables(found.Generation));
            model.Load();
            EventTables.DropOthers(database, Name, found.Generation);
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

    private EventTables Tables(int generation) => new(database, Name, CurrentVersion, generation, step);

    private int NextGeneration()
    {
        lock (_generations)
            return ++_lastGeneration;
    }

    private sealed class Rebuild(EventProjection owner, EventModel model) : IProjectionRebuild
    {
        private EventModel? _replaced;

        public long Position => model.Position;
        public double FlushPressure => model.Unflushed / FlushEvents;

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

        public async Task DropReplacedAsync()
        {
            if (_replaced is not { } old)
                return;
            await old.RetireAsync();
            old.Tables.Drop();
        }

        public void Dispose()
        {
            if (_replaced is null)
                model.Tables.Drop();
        }
    }
}
