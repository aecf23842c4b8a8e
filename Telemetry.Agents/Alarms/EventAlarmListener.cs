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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var head = await events.HeadAsync(stoppingToken);
            await foreach (var recorded in events.SubscribeAsync(Math.Max(0, head - Overlap), stoppingToken))
            {
                if (recorded.Type == TelemetryEventsRecorded.Name)
                    await FireAsync(recorded, isOld: recorded.Position <= head, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    /// <summary>Fires the alarms of one telemetry event.</summary>
    /// <param name="recordedAt">When it was stored: alarms do not look back beyond their own last change. Null for an event that is new.</param>
    /// <param name="taken">As for <see cref="AlarmEvaluator.EvaluateAsync"/>.</param>
    /// <returns>How many transitions were stored.</returns>
    public async Task<int> FireAsync(TriggeringEvent trigger, DateTimeOffset? recordedAt, CancellationToken ct, IReadOnlySet<string>? taken = null)
    {
        var fired = 0;
        foreach (var candidate in alarms.OnEvent(trigger.ProjectId, trigger.EventType))
        {
            if (candidate.Definition.Rule is not EventRule known || EventEvaluation.Evaluate(candidate, known, trigger) is null
                || (recordedAt is { } at && (candidate.ChangedAt >= at || candidate.StateChangedAt >= at))
                || AlarmShares.Of(candidate.Id) is var share && (!leases.Holds(share) || taken?.Contains(share) == false))
                continue;
            // Two events that follow each other closely meet the alarm as the first one left it.
            if (await alarms.FindAsync(candidate.Id, ct) is { Definition.Rule: EventRule rule } alarm && EventEvaluation.Evaluate(alarm, rule, trigger) is { } refresh
                && await AlarmEvaluator.TryCommitAsync(store, notifier, alarm, refresh, $"event {trigger.MessageId}", repeat: taken is null, log, ct))
                fired++;
        }
        return fired;
    }

    /// <summary>Looks once more at the last events, for alarms whose process may have ended before it did.</summary>
    public async Task LookBackAsync(IReadOnlySet<string> taken, CancellationToken ct)
    {
        var head = await events.HeadAsync(ct);
        await foreach (var recorded in events.ReadAllAsync(Math.Max(0, head - Overlap), ct))
            await FireAsync(recorded, isOld: true, ct, taken);
    }

    private async Task FireAsync(RecordedEvent recorded, bool isOld, CancellationToken ct, IReadOnlySet<string>? taken = null)
    {
        try
        {
            foreach (var e in TelemetryEventsRecorded.Read(recorded))
                await FireAsync(new TriggeringEvent(e), isOld ? recorded.RecordedAt : null, ct, taken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.EventFailed(log, recorded.Position, e);
        }
    }
}
