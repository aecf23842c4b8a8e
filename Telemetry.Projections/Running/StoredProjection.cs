using Microsoft.Extensions.Logging;
using Telemetry.Domain.Leases;
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

    public string Name => name;
    public int Version => version;
    public long Position => Model.Position;
    public long ReadableFrom { get; private set; }
    public IReadOnlyList<string> Shares => HashRanges.Shares(name, Model.Tables.Ranges);
    public double FlushPressure => Model.Unflushed / flushUnits;
    public bool IsShared => store.IsShared;

    /// <summary>The live generation.</summary>
    protected TModel Model => _model ?? throw new InvalidOperationException($"The projection '{name}' is not loaded yet.");

    public void Load() => OrDamaged(() =>
    {
        _model = LoadStored();
        ReadableFrom = _model.Stored.Max();
        _model.Tables.DropOthers();
    });

    public void Reset()
    {
        var old = store.Find(name);
        _model = Begin(old?.Generation ?? 0) ?? LoadStored();
        ReadableFrom = _model.Stored.Max();
        if (old is { } row && row.Generation != _model.Tables.Generation.Number)
            NewModel(new(name, version, row.Generation)).Tables.DropReplaced();
    }

    public void Apply(RecordedEvent recorded)
    {
        if (recorded.Position > Model.Position) // else a rebuild that took this one's place has it already
            Model.Apply(recorded);
    }

    public void Flush(IReadOnlyList<int> ranges)
    {
        var model = Model;
        var behind = ranges.Where(range => model.Stored[range] < model.Position).ToList();
        if (behind.Count > 0)
            model.Flush(behind, live: true);
    }

    public bool Follow() => Model.Follow();

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
                {
                    if (model.Load())
                        return model;
                }
                continue; // replaced this moment
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
    private TModel Replaced() => _model ?? NewModel(new(name, version, store.Find(name)!.Value.Generation));

    private static int[] AllRanges(TModel model) => [.. Enumerable.Range(0, model.Tables.Ranges)];

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

        public void Flush(bool whole) => owner.OrDamaged(() => model.Flush(AllRanges(model), live: false, whole));

        public void Complete() => owner.OrDamaged(() =>
        {
            var old = owner.Replaced();
            model.Tables.TakePlaceOf(old.Tables);
            model.Flush(AllRanges(model), live: true);
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

    /// <summary>The generation that another process has made live, in the place of the one that this one has in memory.</summary>
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
