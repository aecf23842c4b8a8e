using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Agents.Alarms;

/// <summary>What a cycle came to.</summary>
/// <param name="Windows">How many windows were read.</param>
/// <param name="Alarms">How many alarms were looked at.</param>
/// <param name="Transitions">How many transitions were stored.</param>
internal readonly record struct EvaluationCycle(int Windows, int Alarms, int Transitions);

/// <summary>Evaluates all alarms but those on events, once a call. One call at a time.</summary>
internal sealed class AlarmEvaluator(
    IAlarmReader alarms, AlarmStore store, IEventStore events, IProjectionProgress projections, LeafReader leaves, AlarmNotifier notifier, EvaluationCounters counters,
    ILeases leases, IOptions<AlarmsOptions> options, ILogger<AlarmEvaluator> log) : IAsyncDisposable
{
    /// <summary>Transitions that are stored at the same time: the log commits them in groups.</summary>
    private const int MaxConcurrentWrites = 256;

    private (AlarmInputs Inputs, AlarmWatch Watch)? _kept;

    /// <summary>Evaluates every enabled alarm whose time constraints allow it, and works for those alone whose inputs may have changed.</summary>
    /// <remarks>
    /// A transition is stored under an id made of the alarm and <paramref name="now"/>: done twice, by two processes or after a crash, it is one
    /// event and told once. Waits until everything that is in the log at the call can be read, though not longer than for the next window.
    /// </remarks>
    /// <param name="now">The end of all windows, not before that of the call before. Callers use the same instants: multiples of the interval.</param>
    /// <param name="taken">
    /// Shares that were just taken from another process, which may have done some of it: only their alarms, and only transitions are told. Null for
    /// all that this process holds.
    /// </param>
    public async Task<EvaluationCycle> EvaluateAsync(DateTimeOffset now, CancellationToken ct, IReadOnlySet<string>? taken = null)
    {
        var held = AlarmShares.All.Where(s => leases.Holds(s) && taken?.Contains(s) != false).ToHashSet();
        if (taken is not null)
        {
            await using var once = new AlarmInputs(held, options.Value.AdditionalIngestionLagSeconds);
            foreach (var alarm in alarms.Enabled())
                once.Update(alarm.Id, alarm);
            return await RunAsync(once, await HeadAsync(ct), now, repeat: false, ct);
        }
        if (_kept is { } old && !old.Inputs.Shares.SetEquals(held))
            await ForgetAsync();
        try
        {
            var (inputs, watch) = _kept ??= await BeginAsync(held, ct);
            foreach (var id in watch.Take())
            {
                inputs.Update(id, await alarms.FindAsync(id, ct));
                if (!inputs.IsWatched(id))
                    counters.Forget(id);
            }
            counters.NextCycle();
            var head = await HeadAsync(ct); // after the alarms: what comes later meets those that read it
            await inputs.ReachAsync(head.Position, ct);
            return await RunAsync(inputs, head, now, repeat: true, ct);
        }
        catch
        {
            await ForgetAsync(); // half a cycle is done: the next one looks at everything
            throw;
        }
    }

    public async ValueTask DisposeAsync() => await ForgetAsync();

    private async Task<(AlarmInputs, AlarmWatch)> BeginAsync(HashSet<string> shares, CancellationToken ct)
    {
        var inputs = new AlarmInputs(shares, options.Value.AdditionalIngestionLagSeconds);
        inputs.Follow(events, await events.HeadAsync(ct));
        var watch = alarms.Watch();
        foreach (var alarm in alarms.Enabled())
            inputs.Update(alarm.Id, alarm);
        counters.Keep(inputs.IsWatched);
        return (inputs, watch);
    }

    private async Task ForgetAsync()
    {
        if (_kept is not var (inputs, watch))
            return;
        _kept = null;
        watch.Dispose();
        await inputs.DisposeAsync();
    }

    private async Task<(long Position, bool IsReadable)> HeadAsync(CancellationToken ct)
    {
        var head = await events.HeadAsync(ct);
        return (head, await projections.WaitForAsync(head, TimeSpan.FromSeconds(options.Value.EvaluationIntervalSeconds), ct));
    }

    private async Task<EvaluationCycle> RunAsync(AlarmInputs inputs, (long Position, bool IsReadable) head, DateTimeOffset now, bool repeat, CancellationToken ct)
    {
        var allowed = new Dictionary<WatchedAlarm, bool>();
        bool IsAllowed(WatchedAlarm alarm)
        {
            if (alarm.Alarm.Definition.TimeConstraints is not { Count: > 0 } constraints)
                return true;
            if (!allowed.TryGetValue(alarm, out var isAllowed))
                allowed.Add(alarm, isAllowed = TimeConstraints.Allow(constraints, now));
            return isAllowed;
        }

        var due = inputs.TakeDue(UnixMicroseconds.From(now)).ToLookup(w => w.Leaves.Any(l => IsAllowed(l.Alarm)));
        foreach (var window in due[false])
            inputs.Read(window, null);
        var windows = due[true].ToList();
        await leaves.ReadAsync(windows, now, ct);
        await LookAheadAsync(inputs, windows, UnixMicroseconds.From(now), ct);
        foreach (var window in windows)
            inputs.Read(window, head.IsReadable ? head.Position : null);

        var looked = inputs.TakeJudged().Concat(inputs.Always).Concat(windows.SelectMany(w => w.Leaves).Select(l => l.Alarm)).ToHashSet();
        var evaluated = AlarmJson.Time(now);
        var (stored, writes) = (0, new List<Task>());
        using var slots = new SemaphoreSlim(MaxConcurrentWrites);
        foreach (var alarm in looked)
        {
            if (!IsAllowed(alarm))
            {
                counters.Count(alarm.Alarm.Id, null);
                inputs.Judge(alarm);
                continue;
            }
            if (await TryJudgeAsync(inputs, alarm, ct) is not { } refresh)
                continue;
            inputs.Judge(alarm); // until nothing follows any more: what fails to be stored is tried again
            await slots.WaitAsync(ct);
            writes.Add(CommitAsync(alarm, refresh));
        }
        await Task.WhenAll(writes);
        return new(windows.Count, looked.Count, stored);

        async Task CommitAsync(WatchedAlarm watched, Refresh refresh)
        {
            try
            {
                // It may have taken long to come here.
                if (leases.Holds(watched.Share) && await TryCommitAsync(store, notifier, watched.Alarm, refresh, evaluated, repeat, log, ct))
                    Interlocked.Increment(ref stored);
            }
            finally
            {
                slots.Release();
            }
        }
    }

    /// <summary>Asks, for windows that may have them, when samples of later than now come into them.</summary>
    private async Task LookAheadAsync(AlarmInputs inputs, List<InputWindow> windows, long now, CancellationToken ct)
    {
        var ahead = inputs.TakeAhead(windows, now);
        foreach (var meter in ahead.SelectMany(w => w.Meters).Distinct().ToList())
        {
            try
            {
                foreach (var row in await leaves.AheadAsync(meter, now, ct))
                    inputs.Ahead(ahead, meter, row.Group[0].Text, row.Group[1].Text, row.Total.FirstAt, row.Total.LastAt);
            }
            catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                Log.StatisticsFailed(log, meter, e);
                foreach (var window in ahead.Where(w => w.Meters.Contains(meter)))
                    (window.DueAt, window.NewestAt) = (long.MinValue, long.MaxValue);
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

    private async Task<Refresh?> TryJudgeAsync(AlarmInputs inputs, WatchedAlarm watched, CancellationToken ct)
    {
        var alarm = watched.Alarm;
        try
        {
            switch (alarm.Definition.Rule)
            {
                case LeafRule leaf:
                    var points = watched.Leaves[0].Points!;
                    counters.Count(alarm.Id, LeafVerdict.Of(leaf, points).State);
                    return ThresholdEvaluation.Evaluate(alarm, leaf, points);
                case CompositeRule composite:
                    var read = watched.Leaves.ToDictionary<InputLeaf, LeafRule, Datapoints>(l => l.Rule, l => l.Points!, ReferenceEqualityComparer.Instance);
                    return CompositeEvaluation.Evaluate(alarm, composite, leaf => LeafVerdict.Of(leaf, read[leaf]));
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
            inputs.Judge(watched);
            return null;
        }
    }
}
