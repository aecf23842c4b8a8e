using Microsoft.Extensions.Logging;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Running;

/// <summary>Feeds one projection from the log, stores it now and then, and tells who waits how far it is.</summary>
internal sealed class ProjectionLoop(IProjection projection, IEventStore store, ProjectionsOptions options, TimeProvider time, ILogger log) : IDisposable
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
        _timer = time.CreateTimer(_ => FlushWhenIdle(), null, _idle, _idle);
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
        await FlushAsync(); // after one that is under way
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

    /// <summary>Runs something while no event is applied and nothing is stored.</summary>
    public async Task PauseAsync(Func<Task> action, CancellationToken ct)
    {
        await _applying.WaitAsync(ct);
        try
        {
            await _flushing.WaitAsync(ct);
            try
            {
                await action();
            }
            finally
            {
                _flushing.Release();
            }
        }
        finally
        {
            _applying.Release();
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
            _flush = Task.Run(FlushAsync);
        else if (projection.FlushPressure >= 2)
            await _flush;
    }

    private void FlushWhenIdle()
    {
        if (projection.FlushPressure > 0 && time.GetElapsedTime(Volatile.Read(ref _lastApplied)) >= _idle)
            _ = FlushAsync();
    }

    private async Task FlushAsync()
    {
        await _flushing.WaitAsync();
        try
        {
            if (projection.FlushPressure > 0)
                projection.Flush();
            _retryFlushAfter = long.MinValue;
        }
#pragma warning disable CA1031 // a full or broken disk must not stop the reading; what was not stored is read again after a restart
        catch (Exception e)
#pragma warning restore CA1031
        {
            _retryFlushAfter = time.GetTimestamp() + time.TimestampFrequency * options.FlushAfterSeconds;
            Log.FlushFailed(log, projection.Name, e);
        }
        finally
        {
            _flushing.Release();
        }
    }
}
