using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Agents.Alarms.Actions;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Agents.Alarms;

/// <summary>Calls the actions of alarms, and records what came of it.</summary>
/// <remarks>
/// Notifications of one alarm are told one after the other; its actions at the same time, so that one that hangs delays no other. Nothing here
/// holds up the evaluator.
/// </remarks>
internal sealed class AlarmNotifier(
    IEventStore store, HttpAction http, BusAction bus, TestAction test, ILeases leases, IOptions<AlarmsOptions> options, TimeProvider time,
    ILogger<AlarmNotifier> log) : IAsyncDisposable
{
    /// <summary>Notifications that may wait. Transitions among those beyond are told after the next start.</summary>
    private const int MaxWaiting = 100_000;

    /// <summary>Actions of a kind that are called at the same time.</summary>
    private const int MaxConcurrent = 256;

    /// <summary>How long a stop waits for actions that are under way: what has been called and is not recorded is called again elsewhere.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _slots = new(MaxConcurrent);
    private readonly SemaphoreSlim _busSlots = new(MaxConcurrent); // webhooks do not wait for a broker that is away
    private readonly Dictionary<string, (Queue<Order> Waiting, Task Telling)> _alarms = new(StringComparer.Ordinal);
    private readonly HashSet<Guid> _causes = []; // events that are being told of
    private readonly CancellationTokenSource _ending = new(); // nothing new is begun
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private int _waiting;

    /// <summary>Takes a notification over and returns at once.</summary>
    /// <param name="cause">The event that is told of.</param>
    public void Tell(AlarmNotification notification, Guid cause)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            Log.NotificationDropped(log, MaxWaiting, notification.AlarmId);
            return;
        }
        var order = new Order(notification, cause, leases.Keep(AlarmShares.Of(notification.AlarmId)));
        lock (_lock)
        {
            _causes.Add(cause);
            if (_alarms.TryGetValue(notification.AlarmId, out var alarm))
            {
                alarm.Waiting.Enqueue(order);
                return;
            }
            var waiting = new Queue<Order>([order]);
            _alarms.Add(notification.AlarmId, (waiting, Task.Run(() => TellAsync(notification.AlarmId, waiting))));
        }
    }

    /// <summary>The events that are being told of here; what came of it may not be recorded yet.</summary>
    public HashSet<Guid> BeingTold()
    {
        lock (_lock)
            return [.. _causes];
    }

    /// <summary>Completes when everything that was taken over until now has been told.</summary>
    public Task IdleAsync()
    {
        lock (_lock)
            return Task.WhenAll(_alarms.Values.Select(a => a.Telling));
    }

    /// <summary>Begins nothing any more, and waits a moment for what is under way to be recorded. What is left is told after the next start, or by another process.</summary>
    public async Task StopAsync(CancellationToken ct)
    {
        await _ending.CancelAsync();
        try
        {
            await IdleAsync().WaitAsync(StopPatience, time, ct);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // It is cut off.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _stop.CancelAsync();
        await IdleAsync();
        _slots.Dispose();
        _busSlots.Dispose();
        _ending.Dispose();
        _stop.Dispose();
    }

    /// <summary>What is to be told, of an alarm in a share that stays here until it has been.</summary>
    private sealed record Order(AlarmNotification Notification, Guid Cause, IDisposable Kept);

    private async Task TellAsync(string alarmId, Queue<Order> waiting)
    {
        while (true)
        {
            Order? next;
            lock (_lock)
            {
                if (_ending.IsCancellationRequested || !waiting.TryDequeue(out next))
                {
                    _alarms.Remove(alarmId);
                    return;
                }
            }
            await Task.WhenAll(next.Notification.Actions.Select(action => CallAsync(next.Notification, action, next.Cause)));
            next.Kept.Dispose();
            Interlocked.Decrement(ref _waiting);
            lock (_lock)
                _causes.Remove(next.Cause);
        }
    }

    private async Task CallAsync(AlarmNotification notification, string action, Guid cause)
    {
        try
        {
            var slots = AlarmActions.TopicOf(action) is null ? _slots : _busSlots;
            await slots.WaitAsync(_ending.Token);
            try
            {
                var (sentAt, began) = (time.GetUtcNow(), time.GetTimestamp());
                var result = await CallAsync(notification, action);
                var delivery = new AlarmDelivery(
                    cause, action, notification.Current, result.Outcome, result.Detail, result.Attempts,
                    UnixMicroseconds.ToDateTimeOffset(UnixMicroseconds.From(sentAt)), time.GetElapsedTime(began));
                Log.ActionDone(log, action, notification.AlarmId, result.Outcome, result.Detail);
                await store.AppendAsync([delivery.ToEvent(notification.AlarmId)], _stop.Token);
            }
            finally
            {
                slots.Release();
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Stopping: it is told after the next start.
        }
#pragma warning disable CA1031 // one action that fails must not keep the others from being called
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.DeliveryNotRecorded(log, notification.AlarmId, e);
        }
    }

    private async Task<ActionResult> CallAsync(AlarmNotification notification, string action)
    {
        if (AlarmActions.TopicOf(action) is { } topic)
            return await bus.SendAsync(topic, notification, options.Value.WebhookRetries, _stop.Token);
        switch (AlarmActions.SchemeOf(action))
        {
            case "http" or "https":
                return await http.SendAsync(action, notification.Body(), options.Value.WebhookRetries, _stop.Token);
            case "log":
                Log.Notified(
                    log, notification.AlarmName, notification.AlarmId, notification.Severity.Name(), notification.Previous.Name(), notification.Current.Name(),
                    action, notification.Reason);
                return ActionResult.Delivered("logged");
            case "test":
                test.Keep(notification);
                return ActionResult.Delivered("kept");
            case var scheme and ("trust+http" or "trust+https" or "zaqar" or "trust+zaqar" or "trust+heat"):
                return ActionResult.Refused($"an action of scheme {scheme} needs Keystone, which is not configured");
            case var scheme:
                return ActionResult.Refused($"there are no actions of scheme '{scheme}'");
        }
    }
}
