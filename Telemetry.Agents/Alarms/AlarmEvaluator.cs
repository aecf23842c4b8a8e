using Microsoft.Extensions.Logging;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Streams;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Agents.Alarms;

/// <summary>Evaluates all alarms but those on events, once a call.</summary>
internal sealed class AlarmEvaluator(
    IAlarmReader alarms, AlarmStore store, LeafReader leaves, AlarmNotifier notifier, EvaluationCounters counters, ILeases leases,
    ILogger<AlarmEvaluator> log)
{
    /// <summary>Transitions that are stored at the same time: the log commits them in groups.</summary>
    private const int MaxConcurrentWrites = 256;

    /// <summary>Evaluates every enabled alarm whose time constraints allow it.</summary>
    /// <remarks>
    /// A transition is stored under an id made of the alarm and <paramref name="now"/>: done twice, by two processes or after a crash, it is one
    /// event and told once.
    /// </remarks>
    /// <param name="now">The end of all windows. Callers use the same instants: multiples of the interval.</param>
    /// <param name="taken">
    /// Shares that were just taken from another process, which may have done some of it: only their alarms, and only transitions are told. Null for
    /// all that this process holds.
    /// </param>
    /// <returns>How many transitions were stored.</returns>
    public async Task<int> EvaluateAsync(DateTimeOffset now, CancellationToken ct, IReadOnlySet<string>? taken = null)
    {
        var enabled = alarms.Enabled().Where(a => AlarmShares.Of(a.Id) is var share && leases.Holds(share) && taken?.Contains(share) != false).ToList();
        if (taken is null)
            counters.Keep(enabled.Select(a => a.Id).ToHashSet(StringComparer.Ordinal).Contains);
        var due = enabled.Where(a => TimeConstraints.Allow(a.Definition.TimeConstraints, now)).ToList();
        var points = await leaves.ReadAsync(due.SelectMany(LeavesOf), now, ct);
        var window = AlarmJson.Time(now);
        var (stored, writes) = (0, new List<Task>());
        using var slots = new SemaphoreSlim(MaxConcurrentWrites);
        foreach (var alarm in due)
        {
            if (await TryJudgeAsync(alarm, points, ct) is not { } refresh)
                continue;
            await slots.WaitAsync(ct);
            writes.Add(CommitAsync(alarm, refresh));
        }
        await Task.WhenAll(writes);
        return stored;

        async Task CommitAsync(Alarm alarm, Refresh refresh)
        {
            try
            {
                // It may have taken long to come here.
                if (leases.Holds(AlarmShares.Of(alarm.Id)) && await TryCommitAsync(store, notifier, alarm, refresh, window, repeat: taken is null, log, ct))
                    Interlocked.Increment(ref stored);
            }
            finally
            {
                slots.Release();
            }
        }
    }

    /// <summary>Stores what an evaluation found, and tells it to the alarm's actions.</summary>
    /// <param name="repeat">Whether what is no transition is told to actions that are to be repeated.</param>
    /// <returns>Whether a transition was stored.</returns>
    internal static async Task<bool> TryCommitAsync(
        AlarmStore store, AlarmNotifier notifier, Alarm alarm, Refresh refresh, string window, bool repeat, ILogger log, CancellationToken ct)
    {
        try
        {
            var id = EventId.FromName(System.Text.Encoding.UTF8.GetBytes($"{alarm.Id}\n{window}"));
            var events = AlarmDecider.Decide(new AlarmCommand.Evaluate(refresh, window, store.Now), alarm);
            var stored = false;
            if (events.Count > 0)
            {
                (_, stored) = await store.AppendAsync(alarm, events, id, ct);
                if (!stored)
                    return false; // somebody else was first, and tells it
            }
            else if (!repeat || alarm.Window == window)
            {
                return false;
            }
            if (AlarmNotification.Of(alarm, refresh) is { } notification)
                notifier.Tell(notification, id.Value);
            return stored;
        }
        catch (WrongExpectedVersionException)
        {
            return false; // changed or deleted meanwhile: the next cycle looks again
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.EvaluationFailed(log, alarm.Id, e);
            return false;
        }
    }

    private static IEnumerable<NeededLeaf> LeavesOf(Alarm alarm) => alarm.Definition.Rule switch
    {
        LeafRule leaf => [new(alarm, leaf)],
        CompositeRule composite => composite.Leaves().Select(l => new NeededLeaf(alarm, l)),
        _ => [],
    };

    private async Task<Refresh?> TryJudgeAsync(Alarm alarm, IReadOnlyDictionary<LeafRule, Datapoints> points, CancellationToken ct)
    {
        try
        {
            switch (alarm.Definition.Rule)
            {
                case LeafRule leaf:
                    if (LeafVerdict.Of(leaf, points[leaf]).State is { } state)
                        counters.Count(alarm.Id, state);
                    return ThresholdEvaluation.Evaluate(alarm, leaf, points[leaf]);
                case CompositeRule composite:
                    return CompositeEvaluation.Evaluate(alarm, composite, leaf => LeafVerdict.Of(leaf, points[leaf]));
                case CombinationRule combination:
                    var states = new Dictionary<string, AlarmState?>();
                    foreach (var id in combination.AlarmIds)
                        states[id] = (await alarms.FindAsync(id, ct))?.State;
                    return CombinationEvaluation.Evaluate(alarm, combination, id => states[id]);
                case LoadBalancerHealthRule rule:
                    return LoadBalancerEvaluation.Evaluate(alarm, rule);
                default:
                    return null;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.EvaluationFailed(log, alarm.Id, e);
            return null;
        }
    }
}
