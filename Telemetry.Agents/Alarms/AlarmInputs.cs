using System.Runtime.InteropServices;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Streams;

namespace Telemetry.Agents.Alarms;

/// <summary>What the evaluator keeps from cycle to cycle: who reads what, and what has to be read again, so that nobody looks at the rest.</summary>
/// <remarks>
/// A window is read again when samples came in that may belong to it (the log says so), and when it has moved so far that a sample of it leaves
/// its period. Until then the same question has the same answer. Only marks come from another thread; the rest is the evaluator's alone.
/// </remarks>
internal sealed class AlarmInputs(IReadOnlySet<string> shares, int lagSeconds) : IAsyncDisposable
{
    private readonly Dictionary<string, WatchedAlarm> _alarms = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<WatchedAlarm>> _combined = new(StringComparer.Ordinal); // combinations by the alarms they name
    private readonly HashSet<WatchedAlarm> _always = [];
    private readonly HashSet<WatchedAlarm> _judged = []; // in the next cycle, whatever is read
    private readonly Dictionary<object, InputWindow> _windows = [];
    private readonly PriorityQueue<InputWindow, long> _due = new();

    private readonly Lock _lock = new(); // over everything below
    private readonly Dictionary<string, List<SeriesIndex>> _byMeter = new(StringComparer.Ordinal);
    private readonly HashSet<InputWindow> _changed = [];
    private long _position;
    private (long Position, TaskCompletionSource Signal)? _awaited;

    private readonly CancellationTokenSource _stop = new();
    private Task _following = Task.CompletedTask;

    /// <summary>The shares of alarms that are looked after.</summary>
    public IReadOnlySet<string> Shares => shares;

    public IReadOnlyCollection<WatchedAlarm> Always => _always;

    /// <summary>Marks what changes with the log from a position on, until disposed.</summary>
    public void Follow(IEventStore log, long after)
    {
        _position = after;
        _following = Task.Run(() => FollowAsync(log, after, _stop.Token), CancellationToken.None);
    }

    /// <summary>Waits until everything up to a position of the log is marked.</summary>
    /// <exception cref="InvalidOperationException">The log cannot be followed any more.</exception>
    public async Task ReachAsync(long position, CancellationToken ct)
    {
        Task reached;
        lock (_lock)
        {
            if (_position >= position)
                return;
            _awaited = (position, new(TaskCreationOptions.RunContinuationsAsynchronously));
            reached = _awaited.Value.Signal.Task;
        }
        if (await Task.WhenAny(reached, _following).WaitAsync(ct) == _following)
        {
            await _following;
            throw new InvalidOperationException("The log ended.");
        }
    }

    /// <summary>Takes an alarm as it is now; null where it is no more.</summary>
    public void Update(string id, Alarm? alarm)
    {
        if (_combined.TryGetValue(id, out var combinations))
            _judged.UnionWith(combinations);
        var share = AlarmShares.Of(id);
        var isWatched = alarm is { IsEnabled: true, Definition.Rule: not EventRule } && shares.Contains(share);
        if (_alarms.TryGetValue(id, out var known) && (!isWatched || !ReferenceEquals(known.Alarm.Definition, alarm!.Definition)))
        {
            Remove(known);
            known = null;
        }
        if (!isWatched)
            return;
        if (known is null)
            _alarms.Add(id, known = Add(new WatchedAlarm(alarm!, share)));
        known.Alarm = alarm!;
        _judged.Add(known);
        foreach (var leaf in known.Leaves.Where(l => l is { Rule: GnocchiRule, Points.Values: [] })) // why there is none is looked up where an alarm says so
            BeDue(leaf.Window, long.MinValue);
    }

    public bool IsWatched(string id) => _alarms.ContainsKey(id);

    /// <summary>Has an alarm looked at in the next cycle again.</summary>
    public void Judge(WatchedAlarm alarm) => _judged.Add(alarm);

    /// <summary>The alarms that are to be looked at, whatever is read; each once.</summary>
    public IReadOnlyList<WatchedAlarm> TakeJudged()
    {
        List<WatchedAlarm> taken = [.. _judged];
        _judged.Clear();
        return taken;
    }

    /// <summary>The windows that have to be read at an instant. What is not read then is due again.</summary>
    public HashSet<InputWindow> TakeDue(long now)
    {
        HashSet<InputWindow> taken;
        lock (_lock)
            taken = [.. _changed];
        while (_due.TryPeek(out var window, out var at) && at <= now)
        {
            _due.Dequeue();
            if (window.QueuedAt != at)
                continue; // it stands there again, for an earlier time
            window.QueuedAt = long.MaxValue;
            if (window.Leaves.Count == 0)
                continue;
            if (window.DueAt <= now)
                taken.Add(window);
            else
                BeDue(window, window.DueAt); // it was read meanwhile
        }
        return taken;
    }

    /// <summary>Notes that a window was read, or could not be; <see cref="InputWindow.DueAt"/> says when to read it again.</summary>
    /// <param name="upTo">The position up to which all samples were there to be read; null where nobody knows.</param>
    public void Read(InputWindow window, long? upTo)
    {
        BeDue(window, upTo is null ? long.MinValue : window.DueAt);
        lock (_lock)
        {
            if (window.ChangedAt <= upTo)
                _changed.Remove(window);
        }
    }

    /// <summary>Those of some windows that may have samples of later than an instant; what is marked from now on is told apart from what was.</summary>
    public HashSet<InputWindow> TakeAhead(IEnumerable<InputWindow> windows, long now)
    {
        lock (_lock)
        {
            var ahead = windows.Where(w => w.NewestAt > now && w.Meters is not []).ToHashSet();
            foreach (var window in ahead)
                window.NewestAt = long.MinValue;
            return ahead;
        }
    }

    /// <summary>Notes samples of later than now: those of some windows that they may belong to are due when they are in time.</summary>
    public void Ahead(HashSet<InputWindow> windows, string meter, string? resourceId, string? projectId, long first, long last)
    {
        lock (_lock)
        {
            foreach (var window in WindowsOf(meter, resourceId, projectId).Where(windows.Contains))
            {
                window.DueAt = Math.Min(window.DueAt, first);
                window.NewestAt = Math.Max(window.NewestAt, last);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following.ContinueWith(static _ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private void BeDue(InputWindow window, long at)
    {
        window.DueAt = at;
        if (at >= window.QueuedAt)
            return;
        window.QueuedAt = at;
        _due.Enqueue(window, at);
    }

    private WatchedAlarm Add(WatchedAlarm watched)
    {
        var rule = watched.Alarm.Definition.Rule;
        IEnumerable<LeafRule> leaves = rule switch
        {
            LeafRule leaf => [leaf],
            CompositeRule composite => composite.Leaves(),
            _ => [],
        };
        watched.Leaves = [.. leaves.Select(l => new InputLeaf(watched, l, WindowOf(l, watched.Alarm)))];
        foreach (var leaf in watched.Leaves)
            leaf.Window.Leaves.Add(leaf);
        if (watched.IsLookedAtAlways)
            _always.Add(watched);
        foreach (var id in Named(rule))
        {
            ref var combinations = ref CollectionsMarshal.GetValueRefOrAddDefault(_combined, id, out _);
            (combinations ??= []).Add(watched);
        }
        return watched;
    }

    private void Remove(WatchedAlarm watched)
    {
        _alarms.Remove(watched.Alarm.Id);
        _always.Remove(watched);
        _judged.Remove(watched);
        foreach (var id in Named(watched.Alarm.Definition.Rule))
        {
            if (_combined[id].Remove(watched) && _combined[id].Count == 0)
                _combined.Remove(id);
        }
        foreach (var leaf in watched.Leaves)
        {
            leaf.Window.Leaves.Remove(leaf);
            if (leaf.Window.Leaves.Count == 0)
                Remove(leaf.Window);
        }
    }

    private static IEnumerable<string> Named(AlarmRule rule) => rule is CombinationRule combination ? combination.AlarmIds.Distinct() : [];

    private InputWindow WindowOf(LeafRule rule, Alarm alarm)
    {
        var window = rule switch
        {
            ThresholdRule r => Threshold(r, SeriesPlan.Of(r, alarm.Definition.Rule is CompositeRule ? alarm.Definition.ProjectId : null)),
            GnocchiResourcesRule r => new InputWindow(r, [r.Metric], r.ResourceId, r.ScopeToProject),
            GnocchiMetricsRule r => new InputWindow(r, [.. r.Metrics.Distinct()], null, r.ScopeToProject),
            GnocchiSearchRule r => new InputWindow(r, [r.Metric], null, r.ScopeToProject),
            _ => new InputWindow(rule, [], null, null),
        };
        if (_windows.TryGetValue(window.Key, out var same))
        {
            BeDue(same, long.MinValue); // its new rule has no values yet
            return same;
        }
        _windows.Add(window.Key, window);
        lock (_lock)
        {
            foreach (var meter in window.Meters)
            {
                ref var indexes = ref CollectionsMarshal.GetValueRefOrAddDefault(_byMeter, meter, out _);
                indexes ??= [];
                var index = indexes.Find(i => i.IsFor(window));
                if (index is null)
                    indexes.Add(index = new(window.ResourceId is not null, window.ProjectId is not null));
                index.Add(window);
            }
        }
        BeDue(window, long.MinValue);
        return window;
    }

    private InputWindow Threshold(ThresholdRule rule, SeriesPlan plan)
    {
        var seconds = (long)ThresholdEvaluation.Window(rule, lagSeconds).TotalSeconds;
        return new((plan.SharedKey, plan.SeriesKey, rule.PeriodSeconds, seconds), [plan.Meter], plan.ResourceId, plan.ProjectId, plan, rule.PeriodSeconds, seconds);
    }

    private void Remove(InputWindow window)
    {
        _windows.Remove(window.Key);
        lock (_lock)
        {
            _changed.Remove(window);
            foreach (var meter in window.Meters)
            {
                var indexes = _byMeter[meter];
                indexes.RemoveAll(i => i.IsFor(window) && i.Remove(window) && i.IsEmpty);
                if (indexes.Count == 0)
                    _byMeter.Remove(meter);
            }
        }
    }

    private async Task FollowAsync(IEventStore log, long after, CancellationToken ct)
    {
        await foreach (var recorded in log.SubscribeAsync(after, ct))
            Mark(recorded);
    }

    private void Mark(RecordedEvent recorded)
    {
        lock (_lock)
        {
            if (recorded.Body is EventBody.Samples { Batch: var batch })
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    var series = batch.Series[i];
                    if (!_byMeter.TryGetValue(series.Meter, out var indexes))
                        continue;
                    foreach (var index in indexes)
                    {
                        foreach (var window in index.Of(series.ResourceId, series.ProjectId))
                        {
                            window.ChangedAt = recorded.Position;
                            window.NewestAt = Math.Max(window.NewestAt, batch.Timestamps[i]);
                            _changed.Add(window);
                        }
                    }
                }
            }
            _position = recorded.Position;
            if (_awaited is { } awaited && awaited.Position <= _position)
                awaited.Signal.TrySetResult();
        }
    }

    private IEnumerable<InputWindow> WindowsOf(string meter, string? resourceId, string? projectId) =>
        _byMeter.TryGetValue(meter, out var indexes) ? indexes.SelectMany(i => i.Of(resourceId, projectId)) : [];

    /// <summary>The windows of one meter that are limited in the same way, by what they are limited to.</summary>
    private sealed class SeriesIndex(bool byResource, bool byProject)
    {
        private readonly Dictionary<(string?, string?), List<InputWindow>> _windows = [];

        public bool IsEmpty => _windows.Count == 0;

        public bool IsFor(InputWindow window) => window.ResourceId is not null == byResource && window.ProjectId is not null == byProject;

        public List<InputWindow> Of(string? resourceId, string? projectId) =>
            _windows.TryGetValue((byResource ? resourceId : null, byProject ? projectId : null), out var windows) ? windows : None;

        public void Add(InputWindow window)
        {
            ref var windows = ref CollectionsMarshal.GetValueRefOrAddDefault(_windows, (window.ResourceId, window.ProjectId), out _);
            (windows ??= []).Add(window);
        }

        public bool Remove(InputWindow window)
        {
            var windows = _windows[(window.ResourceId, window.ProjectId)];
            return windows.Remove(window) && (windows.Count > 0 || _windows.Remove((window.ResourceId, window.ProjectId)));
        }

        private static readonly List<InputWindow> None = [];
    }
}
