using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>In a process that only takes samples in: waits until every process that answers queries has read what was stored.</summary>
internal sealed class RemoteProgress(string connectionString, TimeProvider time, ILogger<RemoteProgress> log) : BackgroundService, IProjectionProgress
{
    private readonly ConcurrentDictionary<Guid, (long Position, long HeardAt)> _processes = new();
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _listeningSince = long.MaxValue;

    public async ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default)
    {
        var asked = time.GetTimestamp();
        while (true)
        {
            var changed = _changed.Task;
            if (HavePassed(position))
                return true;
            if (timeout - time.GetElapsedTime(asked) is var left && left <= TimeSpan.Zero)
                return false;
            try
            {
                // A process that was killed is known to be gone by its silence alone.
                await changed.WaitAsync(left < ReadPositions.Beat ? left : ReadPositions.Beat, time, ct);
            }
            catch (TimeoutException)
            {
                // Looked at again above.
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await ReadPositions.ConnectAsync(connectionString, stoppingToken);
                connection.Notification += (_, e) => Heard(e.Payload);
                await using (var listen = new NpgsqlCommand($"listen {ReadPositions.Channel}", connection))
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                Volatile.Write(ref _listeningSince, time.GetTimestamp());
                while (true)
                    await connection.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
            {
                Volatile.Write(ref _listeningSince, long.MaxValue);
                Log.PositionsLost(log, e);
                await Task.Delay(ReadPositions.Beat, time, stoppingToken).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    private void Heard(string payload)
    {
        if (ReadPositions.Read(payload) is not var (process, position))
            return;
        _processes[process] = (position, time.GetTimestamp());
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>Whether all that were heard of lately have read so far; where nobody answers, nobody waits. Unknown, and so false, before every one had time to speak.</summary>
    private bool HavePassed(long position)
    {
        var since = Volatile.Read(ref _listeningSince);
        if (since == long.MaxValue || time.GetElapsedTime(since) < 2 * ReadPositions.Beat)
            return false;
        foreach (var (process, (read, heardAt)) in _processes)
        {
            if (time.GetElapsedTime(heardAt) > ReadPositions.Silence)
                _processes.TryRemove(process, out _);
            else if (read < position)
                return false;
        }
        return true;
    }
}
