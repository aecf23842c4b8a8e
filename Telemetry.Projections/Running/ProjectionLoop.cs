using Microsoft.Extensions.Logging;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Running;

/// <summary>Feeds one projection from the log, stores it now and then, and tells who waits how far it is.</summary>
/// <remarks>
/// Of several processes only the one that holds the lease of a range stores it. The others let go of what is stored, and load what is
/// there where another generation went live.
/// </remarks>
internal sealed class ProjectionLoop(
    IProjection projection, IEventStore store, ILeases leases, ProjectionsOptions options, TimeProvider time, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _applying = new(1, 1);
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly Lock _waitersLock = new();
    private readonly PriorityQueue<TaskCompletionSource<bool>, long> _waiters = new();
    private readonly TimeSpan _idle = TimeSpan.FromSeconds(options.FlushAfterSeconds);
    private CancellationTokenSource? _stop;
    private Task _running = Task.CompletedTask;
    private Task _flush = Task.CompletedTask;
    private ITimer? _timer;
    private long _lastApplied;
    private long _retryFlushAfter = long.MinValue;
    private long _samples;
    private (long Samples, long At) _lastAsked;

    public IProjection Projection => projection;
    public ProjectionState State { get; private set; }
    public string? Failure { get; private set; }

    public void Start()
    {
        _lastAsked = (0, time.GetTimestamp());
        _lastApplied = time.GetTimestamp();
        (State, Failure) = (ProjectionState.Running, null);
        _stop = new();
        _running = Task.Run(() => RunAsync(_stop.Token));
        _timer = time.CreateTimer(_ => Tick(), null, _idle, _idle);
    }

    /// <summary>Applies the log up to where the projection can be read from.</summary>
    public async Task LevelAsync(CancellationToken ct)
    {
        if (projection.Position >= projection.ReadableFrom)
            return;
        await foreach (var recorded in store.ReadAllAsync(projection.Position, ct))
        {
            projection.Apply(recorded);
            if (projection.Position >= projection.ReadableFrom)
                return;
        }
    }

    /// <summary>Applies no more and stores what was applied.</summary>
    public async Task StopAsync()
    {
        if (_stop is null)
            return;
        await _stop.CancelAsync();
        await _running;
        if (_timer is not null)
            await _timer.DisposeAsync();
        await FlushAsync(isDue: true); // after one that is under way
        if (State == ProjectionState.Running)
            State = ProjectionState.Stopped;
        EndWaiting();
    }

    /// <summary>Completes with true once an event is applied, with false when the projection stops before.</summary>
    public Task<bool> WaitForAsync(long position)
    {
        if (projection.Position >= position)
            return Task.FromResult(true);
        lock (_waitersLock)
        {
            if (projection.Position >= position)
                return Task.FromResult(true);
            if (State != ProjectionState.Running)
                return Task.FromResult(false);
            var waiter = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Enqueue(waiter, position);
            return waiter.Task;
        }
    }

    public ProjectionProgress Progress(long head)
    {
        var (samples, now) = (Volatile.Read(ref _samples), time.GetTimestamp());
        var seconds = time.GetElapsedTime(_lastAsked.At, now).TotalSeconds;
        var rate = seconds > 0 ? (samples - _lastAsked.Samples) / seconds : 0;
        _lastAsked = (samples, now);
        return new(projection.Name, State, projection.Position, head, samples, rate, Failure);
    }

    /// <summary>Brings another generation up to the log beside the live one, and puts it in its place.</summary>
    /// <returns>How many samples were applied to it.</returns>
    public async Task<long> ReplaceAsync(IProjectionRebuild rebuild, IProgress<RebuildProgress>? progress, CancellationToken ct)
    {
        var samples = await CatchUpBesideAsync(rebuild, progress, ct);
        await _flushing.WaitAsync(ct);
        try
        {
            return await SwapAsync(rebuild, samples, progress, ct);
        }
        finally
        {
            _flushing.Release();
        }
    }

    /// <summary>Goes on after the cause of a failure is gone.</summary>
    public async Task RestartIfFailedAsync()
    {
        if (State != ProjectionState.Failed)
            return;
        await StopAsync();
        Start();
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _stop?.Dispose();
        _applying.Dispose();
        _flushing.Dispose();
    }

    private async Task<long> CatchUpBesideAsync(IProjectionRebuild rebuild, IProgress<RebuildProgress>? progress, CancellationToken ct)
    {
        long before, samples = 0;
        do
        {
            before = rebuild.Position;
            samples = await CatchUpAsync(rebuild, samples, progress, ct);
        }
        while (rebuild.Position - before > 1_000); // what came in meanwhile; the last few follow while the live one stands still
        rebuild.Flush(whole: true);
        return samples;
    }

    private async Task<long> CatchUpAsync(IProjectionRebuild rebuild, long samples, IProgress<RebuildProgress>? progress, CancellationToken ct)
    {
        var head = await store.HeadAsync(ct);
        var flush = Task.CompletedTask; // beside the applying, one at a time
        try
        {
            await foreach (var recorded in store.ReadAllAsync(rebuild.Position, ct))
            {
                rebuild.Apply(recorded);
                var count = recorded.Body is EventBody.Samples { Batch.Count: var n } ? n : 1;
                if ((samples + count) / 1_000_000 != samples / 1_000_000)
                    progress?.Report(new(rebuild.Position, Math.Max(head, rebuild.Position), samples + count));
                samples += count;
                if (rebuild.FlushPressure < 1 || (!flush.IsCompleted && rebuild.FlushPressure < 2))
                    continue;
                await flush;
                flush = Task.Run(() => rebuild.Flush(whole: false), CancellationToken.None);
            }
        }
        finally
        {
            await flush;
        }
        return samples;
    }

    /// <summary>Puts a generation in the place of the live one while no event is applied. Nothing is stored meanwhile.</summary>
    private async Task<long> SwapAsync(IProjectionRebuild rebuild, long samples, IProgress<RebuildProgress>? progress, CancellationToken ct)
    {
        await _applying.WaitAsync(ct);
        try
        {
            samples = await CatchUpAsync(rebuild, samples, progress, ct);
            rebuild.Complete();
            Reached(projection.Position);
            return samples;
        }
        finally
        {
            _applying.Release();
        }
    }

    private async Task RunAsync(CancellationToken ct)
    {
        var next = projection.Position;
        try
        {
            await foreach (var recorded in store.SubscribeAsync(next, ct))
            {
                next = recorded.Position;
                await _applying.WaitAsync(ct);
                try
                {
                    projection.Apply(recorded);
                }
                finally
                {
                    _applying.Release();
                }
                Volatile.Write(ref _samples, _samples + (recorded.Body is EventBody.Samples samples ? samples.Batch.Count : 1));
                Volatile.Write(ref _lastApplied, time.GetTimestamp());
                Reached(recorded.Position);
                if (projection.FlushPressure >= 1)
                    await FlushBesideAsync();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopped.
        }
#pragma warning disable CA1031 // whatever went wrong, the projection stops loudly and the server goes on
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failure = $"At event {next}: {e.Message}";
            State = ProjectionState.Failed;
            Log.ProjectionFailed(log, projection.Name, next, e);
            EndWaiting();
        }
    }

    private void Reached(long position)
    {
        lock (_waitersLock)
        {
            while (_waiters.TryPeek(out var waiter, out var wanted) && wanted <= position)
            {
                _waiters.Dequeue();
                waiter.SetResult(true);
            }
        }
    }

    private void EndWaiting()
    {
        lock (_waitersLock)
        {
            while (_waiters.TryDequeue(out var waiter, out _))
                waiter.SetResult(false);
        }
    }

    /// <summary>Stores beside the projecting; waits for it only where twice as much as is due has come together.</summary>
    private async Task FlushBesideAsync()
    {
        if (time.GetTimestamp() < _retryFlushAfter)
            return;
        if (_flush.IsCompleted)
            _flush = Task.Run(() => FlushAsync(isDue: true));
        else if (projection.FlushPressure >= 2)
            await _flush;
    }

    /// <summary>Stores where nothing came in for a while. What others have stored is looked after in any case.</summary>
    private void Tick()
    {
        var isIdle = time.GetElapsedTime(Volatile.Read(ref _lastApplied)) >= _idle;
        if (isIdle || projection.IsShared)
            _ = FlushAsync(isIdle);
    }

    private List<int> Mine => [.. projection.Shares.Index().Where(share => !projection.IsShared || leases.Holds(share.Item)).Select(share => share.Index)];

    private void RetryLater() => _retryFlushAfter = time.GetTimestamp() + time.TimestampFrequency * options.FlushAfterSeconds;

    /// <summary>Loads the generation that another process has made live, brings it up to the log, and goes on from there. While nothing is stored.</summary>
    private async Task ReloadAsync()
    {
        var ct = _stop!.Token;
        using var reload = projection.BeginReload();
        var from = reload.Position;
        await CatchUpBesideAsync(reload, null, ct);
        await SwapAsync(reload, 0, null, ct);
        await reload.DropReplacedAsync();
        Log.ProjectionReloaded(log, projection.Name, from, projection.Position);
    }

    private async Task FlushAsync(bool isDue)
    {
        await _flushing.WaitAsync();
        try
        {
            _retryFlushAfter = long.MinValue;
            if (projection.IsShared && !projection.Follow())
            {
                if (!_stop!.IsCancellationRequested)
                    await ReloadAsync();
                return;
            }
            if (Mine is { Count: > 0 } mine)
            {
                if (isDue)
                    projection.Flush(mine);
            }
            else
            {
                RetryLater();
            }
        }
        catch (ReadModelTakenException e) // a change of hands: the next time goes on from what the other one stored
        {
            RetryLater();
            Log.ReadModelTaken(log, projection.Name, e.Message);
        }
        catch (OperationCanceledException) when (_stop!.IsCancellationRequested)
        {
            // Stopped in the middle of a reload: there is nothing of it to keep.
        }
#pragma warning disable CA1031 // a full or broken disk must not stop the reading; what was not stored is read again after a restart
        catch (Exception e)
#pragma warning restore CA1031
        {
            RetryLater();
            Log.FlushFailed(log, projection.Name, e);
        }
        finally
        {
            _flushing.Release();
        }
    }
}
