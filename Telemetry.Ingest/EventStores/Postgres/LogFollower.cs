using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Postgres;

/// <summary>Hands on what is committed, in order and without holes: this process's events from memory, those of others as they are announced.</summary>
/// <remarks>PostgreSQL announces a commit (NOTIFY) once it can be seen; an announcement that was missed is made up for when the connection is back.</remarks>
internal sealed class LogFollower : IDisposable
{
    public const string Channel = "event_log";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly LiveFeed _feed;
    private readonly Func<CancellationToken, ValueTask<NpgsqlConnection>> _connect;
    private readonly Func<CancellationToken, Task<long>> _head;
    private readonly Func<long, long, CancellationToken, Task<List<RecordedEvent>>> _read;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _behind = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private long _published;
    private long _target;

    /// <param name="from">The last position that is committed already.</param>
    /// <param name="connect">Opens a connection of its own.</param>
    /// <param name="head">The last position that is committed.</param>
    /// <param name="read">The events after a position up to another, ascending; a part of them, empty only where there are none.</param>
    public LogFollower(
        LiveFeed feed, long from, Func<CancellationToken, ValueTask<NpgsqlConnection>> connect, Func<CancellationToken, Task<long>> head,
        Func<long, long, CancellationToken, Task<List<RecordedEvent>>> read, ILogger logger)
    {
        (_feed, _published, _target, _connect, _head, _read, _logger) = (feed, from, from, connect, head, read, logger);
        _running = Task.WhenAll(Task.Run(ListenAsync), Task.Run(CatchUpAsync));
    }

    /// <summary>Takes what this process has committed.</summary>
    public void Committed(IReadOnlyList<RecordedEvent> events)
    {
        lock (_lock)
        {
            if (events[0].Position == _published + 1)
                Publish(events);
            else
                Saw(events[^1].Position); // others wrote before, and were not seen yet
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _running.Wait();
        _stop.Dispose();
        _behind.Dispose();
    }

    private void Saw(long position)
    {
        lock (_lock)
        {
            if (position <= Math.Max(_target, _published))
                return;
            _target = position;
            _behind.Release();
        }
    }

    private void Publish(IReadOnlyList<RecordedEvent> events)
    {
        _feed.Publish(events);
        _published = events[^1].Position;
    }

    private async Task ListenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _connect(_stop.Token).ConfigureAwait(false);
                connection.Notification += (_, e) => Saw(long.Parse(e.Payload, NumberStyles.None, CultureInfo.InvariantCulture));
                await using (var listen = new NpgsqlCommand($"listen {Channel}", connection))
                    await listen.ExecuteNonQueryAsync(_stop.Token).ConfigureAwait(false);
                Saw(await _head(_stop.Token).ConfigureAwait(false)); // what was announced while nobody listened
                while (true)
                    await connection.WaitAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (IsEnd(e))
            {
                return;
            }
#pragma warning disable CA1031 // whatever went wrong: who follows must not stand still for good
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.FollowingInterrupted(_logger, e);
                await PauseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task CatchUpAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _behind.WaitAsync(_stop.Token).ConfigureAwait(false);
                while (Next() is var (after, to))
                {
                    var page = await _read(after, to, _stop.Token).ConfigureAwait(false);
                    lock (_lock)
                    {
                        if (page.SkipWhile(e => e.Position <= _published).ToList() is [_, ..] events)
                            Publish(events);
                        else if (page.Count == 0)
                            _published = Math.Max(_published, to);
                    }
                }
            }
            catch (Exception e) when (IsEnd(e))
            {
                return;
            }
#pragma warning disable CA1031 // as above
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.FollowingInterrupted(_logger, e);
                await PauseAsync().ConfigureAwait(false);
                _behind.Release();
            }
        }
    }

    /// <summary>What is to be read; null where everything is handed on. Nobody subscribed, nothing to read.</summary>
    private (long After, long To)? Next()
    {
        lock (_lock)
        {
            if (_feed.IsEmpty)
                _published = Math.Max(_published, _target);
            return _published < _target ? (_published, _target) : null;
        }
    }

    private bool IsEnd(Exception e) => e is ObjectDisposedException || (e is OperationCanceledException && _stop.IsCancellationRequested);

    private Task PauseAsync() => Task.Delay(RetryAfter, _stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
}
