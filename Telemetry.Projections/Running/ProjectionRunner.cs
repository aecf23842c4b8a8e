using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Running;

/// <summary>Keeps all projections up with the log, and rebuilds them.</summary>
public sealed class ProjectionRunner : IHostedService, IProjectionProgress, IDisposable
{
    private readonly IEventStore _store;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly List<ProjectionLoop> _loops;
    private bool _loaded;
    private long _headAtStart = long.MaxValue;

    internal ProjectionRunner(
        IEventStore store, IEnumerable<IProjection> projections, ILeases leases, ProjectionsOptions options, TimeProvider time,
        ILogger<ProjectionRunner> log)
    {
        (_store, _time, _log) = (store, time, log);
        _loops = projections.Select(p => new ProjectionLoop(p, store, leases, options, time, log)).ToList();
    }

    /// <summary>The names of the projections, as <see cref="RebuildAsync"/> takes them.</summary>
    public IReadOnlyList<string> Names => _loops.ConvertAll(l => l.Projection.Name);

    /// <summary>Up to where every projection has applied the log.</summary>
    public long Position => _loops.Min(l => l.Projection.Position);

    /// <summary>Whether every projection has what was in the log when the runner was started.</summary>
    public bool IsCaughtUp => _loaded && _loops.All(l => l.State == ProjectionState.Running && l.Projection.Position >= _headAtStart);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Load();
        var head = await _store.HeadAsync(cancellationToken);
        foreach (var loop in _loops)
        {
            if (loop.Projection.ReadableFrom > head)
            {
                Log.ProjectionAhead(_log, loop.Projection.Name, loop.Projection.ReadableFrom, head);
                loop.Projection.Reset();
            }
            await loop.LevelAsync(cancellationToken);
            loop.Start();
        }
        _headAtStart = head;
    }

    /// <summary>Stops applying and stores what was applied.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_loops.Select(l => l.StopAsync()));

    /// <summary>Waits until every projection has applied an event, so that a caller reads its own write.</summary>
    /// <returns>False where the time ran out, or a projection has failed or stopped before it came so far.</returns>
    public async ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default)
    {
        var reached = Task.WhenAll(_loops.Select(l => l.WaitForAsync(position)));
        try
        {
            return Array.TrueForAll(await (reached.IsCompleted ? reached : reached.WaitAsync(timeout, _time, ct)), r => r);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<ProjectionProgress>> ProgressAsync(CancellationToken ct = default)
    {
        var head = await _store.HeadAsync(ct);
        return _loops.ConvertAll(l => l.Progress(head));
    }

    /// <summary>Builds a projection anew from position 0 beside the live one, and puts it in its place. Works with and without a started runner.</summary>
    /// <param name="progress">Is told now and then, and at the end.</param>
    /// <exception cref="ArgumentException">There is no projection of that name.</exception>
    public async Task RebuildAsync(string name, IProgress<RebuildProgress>? progress = null, CancellationToken ct = default)
    {
        var loop = _loops.Find(l => l.Projection.Name == name)
            ?? throw new ArgumentException($"There is no projection '{name}'. There are: {string.Join(", ", Names)}.", nameof(name));
        try
        {
            await ReplaceAsync(loop, progress, ct);
        }
        catch (ReadModelDamagedException e) when (!_loaded) // nobody reads it
        {
            Recreate(e);
            await ReplaceAsync(loop, progress, ct);
        }
    }

    public void Dispose()
    {
        foreach (var loop in _loops)
            loop.Dispose();
    }

    private static async Task ReplaceAsync(ProjectionLoop loop, IProgress<RebuildProgress>? progress, CancellationToken ct)
    {
        using var rebuild = loop.Projection.BeginRebuild();
        var samples = await loop.ReplaceAsync(rebuild, progress, ct);
        progress?.Report(new(rebuild.Position, rebuild.Position, samples));
        await rebuild.DropReplacedAsync();
        await loop.RestartIfFailedAsync();
    }

    private void Load()
    {
        try
        {
            LoadAll();
        }
        catch (ReadModelDamagedException e)
        {
            Recreate(e);
            LoadAll();
        }
        _loaded = true;

        void LoadAll()
        {
            foreach (var loop in _loops)
                loop.Projection.Load();
        }
    }

    private void Recreate(ReadModelDamagedException e)
    {
        Log.ReadModelDamaged(_log, e.Store!.Location, e);
        e.Store!.Recreate();
    }
}
