using Microsoft.Extensions.Logging;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Running;

/// <summary>The frame of every projection that is kept in tables: generations, loading, storing, rebuilding.</summary>
/// <param name="name">As <c>telemetry rebuild NAME</c> calls it; part of the tables' names.</param>
/// <param name="version">Of the meaning of <see cref="IStoredModel.Apply"/>: what another version has built is built again.</param>
/// <param name="flushUnits">At how much of <see cref="IStoredModel.Unflushed"/> a flush is due.</param>
internal abstract class StoredProjection<TModel>(IReadModelStore store, string name, int version, double flushUnits, ILogger log) : IProjection
    where TModel : class, IStoredModel
{
    private volatile TModel? _model;
    private long _loadedPosition;

    public string Name => name;
    public int Version => version;
    public long Position => Model.Position;
    public double FlushPressure => Model.Unflushed / flushUnits;
    public bool IsShared => store.IsShared;

    public bool ShouldReload =>
        store.IsShared && store.Find(name) is { } row
        && (row.Generation != Model.Tables.Generation.Number || row.Position > Model.Position || (FlushPressure >= 2 && row.Position > _loadedPosition));

    /// <summary>The live generation.</summary>
    protected TModel Model => _model ?? throw new InvalidOperationException($"The projection '{name}' is not loaded yet.");

    public void Load() => OrDamaged(() =>
    {
        _model = LoadStored();
        _model.Tables.DropOthers();
    });

    public void Reset()
    {
        var old = store.Find(name);
        _model = Begin(old?.Generation ?? 0) ?? LoadStored();
        if (old is { } row && row.Generation != _model.Tables.Generation.Number)
            NewModel(new(name, version, row.Generation)).Tables.DropReplaced();
    }

    public void Apply(RecordedEvent recorded)
    {
        if (recorded.Position > Model.Position) // else a rebuild that took this one's place has it already
            Model.Apply(recorded);
    }

    public void Flush() => Model.Flush(live: true);

    public IProjectionRebuild BeginRebuild()
    {
        var model = NewModel(new(name, version, store.NextGeneration()));
        OrDamaged(() =>
        {
            if (_model is null && store.Find(name)?.Version != version)
                _model = LoadStored(); // an empty one
            model.Tables.Create();
        });
        return new Rebuild(this, model);
    }

    public IProjectionRebuild BeginReload() => new Reload(this, LoadStored());

    /// <summary>A model of a generation's tables, with nothing loaded.</summary>
    protected abstract TModel NewModel(Generation generation);

    /// <summary>Loads the live generation, and makes an empty one where there is none of this version.</summary>
    private TModel LoadStored()
    {
        while (true)
        {
            var row = store.Find(name);
            if (row?.Version == version)
            {
                var model = NewModel(new(name, version, row.Value.Generation));
                using (model.Tables.BeginSnapshot())
                    model.Load();
                _loadedPosition = model.Position;
                return model;
            }
            if (row is { } other)
            {
                if (store.IsShared && other.Version > version)
                {
                    throw new InvalidOperationException(
                        $"The projection '{name}' in '{store.Location}' was built by version {other.Version} of its code, this program has version {version}. Use the newer program.");
                }
                Log.ProjectionOutdated(log, name, other.Version, version);
            }
            if (Begin(row?.Generation ?? 0) is not { } empty)
                continue; // another process was first: what it made is loaded
            if (row is { } outdated)
                NewModel(new(name, version, outdated.Generation)).Tables.DropReplaced();
            return empty;
        }
    }

    /// <summary>Makes an empty generation live; null where another process was first.</summary>
    private TModel? Begin(int replaces)
    {
        var model = NewModel(new(name, version, store.NextGeneration()));
        model.Tables.Create();
        if (model.Tables.TryPublish(replaces))
            return model;
        model.Tables.Drop();
        return null;
    }

    /// <summary>What a rebuild replaces; where nothing is loaded it has no more than its tables.</summary>
    private TModel Replaced()
    {
        if (_model is { } loaded)
            return loaded;
        var model = NewModel(new(name, version, store.Find(name)!.Value.Generation));
        model.Tables.Position(); // what storing the new one has to find
        return model;
    }

    private void PutInPlace(TModel model)
    {
        if (_model is { } live && live.Position > model.Position)
            throw new InvalidOperationException($"The live generation is at {live.Position}, the new one only at {model.Position}.");
        _model = model;
    }

    private void OrDamaged(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (store.IsDamage(e))
        {
            throw new ReadModelDamagedException($"The read model of '{name}' in '{store.Location}' cannot be read: {e.Message}", e) { Store = store };
        }
    }

    private sealed class Rebuild(StoredProjection<TModel> owner, TModel model) : IProjectionRebuild
    {
        private TModel? _replaced;

        public long Position => model.Position;
        public double FlushPressure => model.Unflushed / owner.FlushUnits;

        public void Apply(RecordedEvent recorded) => model.Apply(recorded);

        public void Flush(bool whole) => owner.OrDamaged(() => model.Flush(live: false, whole));

        public void Complete() => owner.OrDamaged(() =>
        {
            var old = owner.Replaced();
            model.Tables.TakePlaceOf(old.Tables);
            model.Flush(live: true);
            owner.PutInPlace(model);
            _replaced = old;
        });

        public async Task DropReplacedAsync()
        {
            if (_replaced is not { } old)
                return;
            await old.RetireAsync();
            owner.OrDamaged(old.Tables.DropReplaced);
        }

        public void Dispose()
        {
            if (_replaced is not null)
                return;
            try
            {
                model.Tables.Drop();
            }
            catch (Exception e) when (owner.IsDamage(e))
            {
                // The whole file is made anew.
            }
        }
    }

    /// <summary>What other processes have stored, in the place of what this one has in memory.</summary>
    private sealed class Reload(StoredProjection<TModel> owner, TModel model) : IProjectionRebuild
    {
        private TModel? _replaced;

        public long Position => model.Position;
        public double FlushPressure => 0;

        public void Apply(RecordedEvent recorded) => model.Apply(recorded);

        public void Flush(bool whole)
        {
        }

        public void Complete()
        {
            _replaced = owner.Model;
            owner.PutInPlace(model);
        }

        public Task DropReplacedAsync() => _replaced?.RetireAsync() ?? Task.CompletedTask;

        public void Dispose()
        {
        }
    }

    private double FlushUnits => flushUnits;

    private bool IsDamage(Exception exception) => store.IsDamage(exception);
}
