using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.EventStoreDb.Protocol;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>The event log in EventStoreDB 20.6 and later, or KurrentDB: one stream, with streams of links into it beside. Any number of processes.</summary>
/// <remarks>docs/decisions/0007: an append is atomic because it is one append to one stream; an event's position is its number there, plus one.</remarks>
internal sealed partial class EventStoreDbEventStore : IEventStore, IDisposable
{
    private const int PageEvents = 256;
    private const int PageBytes = 4 << 20;
    private const int MaxTail = 4_096; // events that may wait to be indexed; appends wait beyond
    private const int RefreshTail = 1_024;
    private const int IndexEvents = 256;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(50); // so that a stream's links of many appends are one append

    private readonly EventStoreDbOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly EventStoreDbStreams _streams;
    private readonly EventStoreDbClient _client;
    private readonly LogIndex _index;
    private readonly LogTail _tail;
    private readonly LiveFeed _feed;
    private readonly Outage _outage;
    private readonly AppendQueue _queue;
    private readonly SemaphoreSlim _advancing = new(1); // held by whoever moves the tail's head
    private readonly SemaphoreSlim _unindexed = new(0);
    private readonly SemaphoreSlim _indexed = new(0);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _running;
    private volatile bool _disposed;

    /// <exception cref="IOException">The server does not answer, or refuses.</exception>
    public EventStoreDbEventStore(EventStoreDbAddress address, TimeProvider clock, EventStoreDbOptions? options = null, ILogger<EventStoreDbEventStore>? logger = null)
    {
        (_options, _clock, _logger) = (options ?? new(), clock, logger ?? NullLogger<EventStoreDbEventStore>.Instance);
        _streams = new(_options.Prefix);
        _client = new EventStoreDbClient(address, TimeSpan.FromSeconds(_options.TimeoutSeconds));
        _index = new(_client, _streams, _logger);
        _feed = new LiveFeed(_options.SubscriberQueueLength, _logger);
        _outage = new("EventStoreDB does not answer.", _options.TimeoutSeconds);
        try
        {
            _tail = Task.Run(async () => new LogTail(await _index.IndexedAsync(default).ConfigureAwait(false))).GetAwaiter().GetResult();
            Task.Run(async () =>
            {
                if (_tail.Head == 0)
                    await _index.PrepareAsync(default).ConfigureAwait(false);
                await CatchUpAsync(default).ConfigureAwait(false);
            }).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is GrpcException or EventStoreBusyException or IOException)
        {
            _client.Dispose();
            throw new IOException($"The event log in EventStoreDB at {address} cannot be opened: {Translate(e).Message}", e);
        }
        Log.Opened(_logger, address, _streams.Log, _tail.Head);
        if (_tail.Count > 0)
            _unindexed.Release();
        _running = Task.WhenAll(Task.Run(FollowAsync), Task.Run(IndexAsync));
        _queue = new AppendQueue(_options, WriteGroup);
    }

    /// <summary>Writes what was accepted, then closes the connections. What is not indexed yet is when the log is next opened.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _queue.Dispose();
        _closing.Cancel();
        _feed.Close();
        _running.Wait();
        _client.Dispose();
        _closing.Dispose();
        _advancing.Dispose();
        _unindexed.Dispose();
        _indexed.Dispose();
    }

    /// <summary>Learns what was stored by anybody before the call.</summary>
    private async Task CatchUpAsync(CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(IEventStore));
        await _advancing.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await ReadNewAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            _advancing.Release();
        }
    }

    private async Task ReadNewAsync(CancellationToken ct)
    {
        while (await PageAsync(_tail.Head, PageEvents, ct).ConfigureAwait(false) is { Count: > 0 } page)
            Advance(page);
    }

    /// <summary>Takes the next events of the log, and hands them to who is subscribed.</summary>
    private void Advance(IReadOnlyList<LogRecord> records)
    {
        foreach (var record in records)
            _tail.Add(record);
        _feed.Publish([.. records.Select(r => r.Event)]);
    }

    private async Task FollowAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await foreach (var e in _client.SubscribeAsync(_streams.Log, _tail.Head - 1, _closing.Token).ConfigureAwait(false))
                {
                    if ((long)e.Event.Revision < _tail.Head)
                        continue; // written here
                    await _advancing.WaitAsync(_closing.Token).ConfigureAwait(false);
                    try
                    {
                        if ((long)e.Event.Revision >= _tail.Head)
                            Advance([await RecordAsync(e.Event, _closing.Token).ConfigureAwait(false)]);
                    }
                    finally
                    {
                        _advancing.Release();
                    }
                    if (_tail.Count % RefreshTail == 0)
                        _unindexed.Release();
                }
            }
            catch (Exception e) when (IsEnd(e))
            {
                return;
            }
#pragma warning disable CA1031 // whatever went wrong: who follows must not stand still for good
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.FollowingInterrupted(_logger, _tail.Head, e);
                if (e is not GrpcException { Status: GrpcStatus.Aborted }) // "consumer too slow" is told by a server that works
                    await PauseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task IndexAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await _unindexed.WaitAsync(_closing.Token).ConfigureAwait(false);
                await Task.Delay(Linger, _closing.Token).ConfigureAwait(false);
                while (_unindexed.CurrentCount > 0)
                    await _unindexed.WaitAsync(_closing.Token).ConfigureAwait(false);
                _tail.Indexed(await _index.IndexedAsync(_closing.Token).ConfigureAwait(false)); // another process may have done it
                while (_tail.Take(IndexEvents) is { Count: > 0 } entries)
                {
                    await _index.WriteAsync(entries, _closing.Token).ConfigureAwait(false);
                    _tail.Indexed(entries[^1].Position);
                    _indexed.Release();
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
                Log.IndexingInterrupted(_logger, e);
                await PauseAsync().ConfigureAwait(false);
                _unindexed.Release();
            }
        }
    }

    private bool IsEnd(Exception e) => e is ObjectDisposedException || (e is OperationCanceledException && _closing.IsCancellationRequested);

    private Task PauseAsync() => Task.Delay(RetryAfter, _closing.Token).ContinueWith(static _ => { }, TaskScheduler.Default);

    /// <summary>Events of the log after a position; empty only at its end.</summary>
    private async Task<List<LogRecord>> PageAsync(long after, int count, CancellationToken ct)
    {
        var page = await AskAsync(() => _client.ReadAsync(_streams.Log, after, backwards: false, count, resolveLinks: false, PageBytes, ct)).ConfigureAwait(false);
        var records = new List<LogRecord>(page.Count);
        foreach (var e in page)
            records.Add(await RecordAsync(e.Event, ct).ConfigureAwait(false));
        return records;
    }

    private Task<LogRecord> RecordAsync(StoredEvent stored, CancellationToken ct) => LogRecord.ReadAsync(stored, async hash =>
    {
        using var body = new MemoryStream();
        for (var next = 0L; ; next += PageEvents)
        {
            var page = await AskAsync(() => _client.ReadAsync(_streams.Parts(hash), next, backwards: false, PageEvents, resolveLinks: false, long.MaxValue, ct)).ConfigureAwait(false);
            foreach (var part in page)
                part.Event.Data.WriteTo(body);
            if (page.Count < PageEvents)
                return body.ToArray();
        }
    });

    /// <summary>Asks the server, with its errors as ours.</summary>
    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (GrpcException e)
        {
            throw Translate(e);
        }
    }

    private static Exception Translate(Exception e) => e switch
    {
        GrpcException { IsLost: true } => new EventStoreBusyException($"EventStoreDB does not answer: {e.Message}", e),
        GrpcException { Status: GrpcStatus.Unauthenticated or GrpcStatus.PermissionDenied } => new EventStoreBusyException($"EventStoreDB refuses the user: {e.Message}", e),
        GrpcException => new IOException($"EventStoreDB refused: {e.Message}", e),
        _ => e,
    };
}
