using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Agents.Alarms;

/// <summary>Fires event alarms as telemetry events are appended to the log.</summary>
internal sealed class EventAlarmListener(
    IEventStore events, IAlarmReader alarms, AlarmStore store, AlarmNotifier notifier, ILeases leases, ILogger<EventAlarmListener> log) : BackgroundService
{
    /// <summary>How far back a start looks for events that came in while nobody listened.</summary>
    private const long Overlap = 1_000;

    /// <summary>Alarms that are evaluated and stored at the same time: the log commits them in groups.</summary>
    private const int MaxConcurrent = 256;

    private readonly SemaphoreSlim _slots = new(MaxConcurrent);
    private readonly Dictionary<string, Task<bool>> _firing = new(StringComparer.Ordinal); // the last of each alarm
    private readonly Lock _lock = new();

    public override void Dispose()
    {
        base.Dispose();
        _slots.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var head = await events.HeadAsync(stoppingToken);
            await foreach (var recorded in events.SubscribeAsync(Math.Max(0, head - Overlap), stoppingToken))
            {
                var isOld = recorded.Position <= head;
                var firing = await StartAsync(recorded, isOld, stoppingToken);
                if (isOld)
                    await Task.WhenAll(firing); // the next one looks at when its alarms changed last
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
        Task<bool>[] last;
        lock (_lock)
            last = [.. _firing.Values];
        await Task.WhenAll(last).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    /// <summary>Fires the alarms of one telemetry event.</summary>
    /// <param name="recordedAt">When it was stored: alarms do not look back beyond their own last change. Null for an event that is new.</param>
    /// <param name="taken">As for <see cref="AlarmEvaluator.EvaluateAsync"/>.</param>
    /// <returns>How many transitions were stored.</returns>
    public async Task<int> FireAsync(TriggeringEvent trigger, DateTimeOffset? recordedAt, CancellationToken ct, IReadOnlySet<string>? taken = null) =>
        (await Task.WhenAll(await StartAsync(trigger, recordedAt, taken, ct))).Count(fired => fired);

    /// <summary>Begins to fire the alarms of one telemetry event: different alarms at the same time, each by the events in their order.</summary>
    private async Task<List<Task<bool>>> StartAsync(TriggeringEvent trigger, DateTimeOffset? recordedAt, IReadOnlySet<string>? taken, CancellationToken ct)
    {
        var firing = new List<Task<bool>>();
        foreach (var candidate in alarms.OnEvent(trigger.ProjectId, trigger.EventType))
        {
            if (candidate.Definition.Rule is not EventRule known || EventEvaluation.Evaluate(candidate, known, trigger) is null
                || (recordedAt is { } at && (candidate.ChangedAt >= at || candidate.StateChangedAt >= at))
                || AlarmShares.Of(candidate.Id) is var share && (!leases.Holds(share) || taken?.Contains(share) == false))
                continue;
            await _slots.WaitAsync(ct);
            lock (_lock)
                firing.Add(_firing[candidate.Id] = FireAsync(candidate.Id, trigger, _firing.GetValueOrDefault(candidate.Id), repeat: taken is null, ct));
            _ = firing[^1].ContinueWith(done => Forget(candidate.Id, done), TaskScheduler.Default);
        }
        return firing;
    }

    private async Task<bool> FireAsync(string id, TriggeringEvent trigger, Task? before, bool repeat, CancellationToken ct)
    {
        await Task.Yield(); // the caller holds the lock
        try
        {
            // Two events that follow each other closely meet the alarm as the first one left it.
            if (before is not null)
                await before.ContinueWith(static _ => { }, TaskScheduler.Default);
            return await alarms.FindAsync(id, ct) is { Definition.Rule: EventRule rule } alarm && EventEvaluation.Evaluate(alarm, rule, trigger) is { } refresh
                && await AlarmEvaluator.TryCommitAsync(store, notifier, alarm, refresh, $"event {trigger.MessageId}", repeat, log, ct);
        }
        finally
        {
            _slots.Release();
        }
    }

    private void Forget(string id, Task<bool> done)
    {
        lock (_lock)
        {
            if (_firing.GetValueOrDefault(id) == done)
                _firing.Remove(id);
        }
    }

    /// <summary>Looks once more at the last events, for alarms whose process may have ended before it did.</summary>
    public async Task LookBackAsync(IReadOnlySet<string> taken, CancellationToken ct)
    {
        var head = await events.HeadAsync(ct);
        await foreach (var recorded in events.ReadAllAsync(Math.Max(0, head - Overlap), ct))
            await Task.WhenAll(await StartAsync(recorded, isOld: true, ct, taken));
    }

    private async Task<List<Task<bool>>> StartAsync(RecordedEvent recorded, bool isOld, CancellationToken ct, IReadOnlySet<string>? taken = null)
    {
        var firing = new List<Task<bool>>();
        try
        {
            foreach (var e in recorded.Type == TelemetryEventsRecorded.Name ? TelemetryEventsRecorded.Read(recorded) : [])
                firing.AddRange(await StartAsync(new TriggeringEvent(e), isOld ? recorded.RecordedAt : null, taken, ct));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.EventFailed(log, recorded.Position, e);
        }
        return firing;
    }
}
