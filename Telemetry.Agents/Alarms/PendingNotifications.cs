using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;

namespace Telemetry.Agents.Alarms;

/// <summary>Finds transitions that were stored, but not told before the process ended, and tells them.</summary>
internal sealed class PendingNotifications(IAlarmReader alarms, IEventStore store, AlarmNotifier notifier, TimeProvider time)
{
    /// <summary>What is older is no news any more.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);

    /// <summary>The most transitions and deliveries of one alarm that are looked at.</summary>
    private const int MaxEvents = 100;

    /// <summary>Tells what is pending, the oldest first. Told but not recorded transitions are told again: at least once, not exactly once.</summary>
    /// <param name="taken">Only of alarms in these shares.</param>
    public async Task TellAsync(IReadOnlySet<string> taken, CancellationToken ct)
    {
        var since = time.GetUtcNow() - MaxAge;
        foreach (var alarm in await alarms.ListAsync(new(Predicate.True, []), ct))
        {
            if (alarm.Window is null || alarm.EvaluatedAt < since || !taken.Contains(AlarmShares.Of(alarm.Id)))
                continue;
            var beingTold = notifier.BeingTold(); // by this process, which may have lost the share for a moment
            var told = new Dictionary<Guid, HashSet<string>>(); // actions by cause
            var deliveries = 0;
            await foreach (var stored in store.ReadStreamAsync(AlarmDelivery.StreamOf(alarm.Id), long.MaxValue, ReadDirection.Backwards, ct))
            {
                var delivery = AlarmDelivery.Read(stored.Event);
                if (!told.TryAdd(delivery.Cause, [delivery.Action]))
                    told[delivery.Cause].Add(delivery.Action);
                if (++deliveries >= MaxEvents)
                    break;
            }
            var wasChanged = false; // since; then it may have other actions
            var pending = new Stack<(AlarmNotification Notification, Guid Cause)>();
            await foreach (var stored in store.ReadStreamAsync(alarm.Stream, long.MaxValue, ReadDirection.Backwards, ct))
            {
                var cause = stored.Event.Id.Value;
                if (beingTold.Contains(cause) || stored.Event.RecordedAt < since || pending.Count >= MaxEvents)
                    break;
                var happened = AlarmEvents.Read(stored.Event);
                wasChanged |= happened is AlarmEvent.AlarmChanged;
                if (happened is not AlarmEvent.AlarmStateChanged transition || AlarmNotification.Of(alarm, transition) is not { } notification)
                    continue;
                var called = told.GetValueOrDefault(cause);
                IReadOnlyList<string> left = called is null ? notification.Actions : wasChanged ? [] : [.. notification.Actions.Where(action => !called.Contains(action))];
                if (left.Count > 0)
                    pending.Push((notification with { Actions = left }, cause));
                if (called is not null)
                    break; // what was before has been told
            }
            foreach (var (notification, cause) in pending)
                notifier.Tell(notification, cause);
        }
    }
}
