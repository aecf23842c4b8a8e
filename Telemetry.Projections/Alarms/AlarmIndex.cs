using System.Collections.Concurrent;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Alarms;

/// <summary>All alarms as they are now, in memory, by id, by project and by the events they wait for. History stays in the streams.</summary>
/// <remarks>
/// An alarm takes about a kilobyte, so that a hundred thousand of them need no table: they are read from their own streams at start, never
/// from the samples' log, and nothing has to be kept in step with a second store. Safe for use by many threads.
/// </remarks>
internal sealed class AlarmIndex(IEventStore store) : IAlarmReader, IAlarmFeed
{
    private static readonly AlarmSortKey NewestFirst = new("timestamp", Descending: true);

    private readonly ConcurrentDictionary<string, Alarm> _alarms = new(StringComparer.Ordinal); // deleted ones too: their history remains
    private readonly Lock _lock = new();
    private readonly Dictionary<string, HashSet<string>> _byProject = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _touchedFor = new(StringComparer.Ordinal); // by whom an event was on behalf of
    private readonly Dictionary<string, int> _ofUser = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Project, string? Type), HashSet<string>> _onEvent = [];
    private readonly Dictionary<(string Project, string? Type), Alarm[]> _waiting = [];
    private readonly List<AlarmWatch> _watches = [];
    private int _count;

    /// <summary>Whether an event of an alarm has been applied.</summary>
    public bool Has(StreamName stream, long version) => _alarms.TryGetValue(IdOf(stream), out var alarm) && alarm.Version >= version;

    public void Apply(StreamName stream, long version, AlarmEvent happened)
    {
        var id = IdOf(stream);
        lock (_lock)
        {
            var before = _alarms.GetValueOrDefault(id);
            if (version != (before?.Version ?? 0) + 1)
                return;
            var after = AlarmDecider.Evolve(before, happened);
            if (before is not null)
                Forget(before);
            if (!after.IsDeleted)
                Remember(after);
            if (happened.By.OnBehalfOf is { } project)
                Add(_touchedFor, project, id);
            _alarms[id] = after;
            foreach (var watch in _watches)
                watch.Note(id);
        }
    }

    public ValueTask<Alarm?> FindAsync(string id, CancellationToken ct = default) => new(_alarms.GetValueOrDefault(id) is { IsDeleted: false } alarm ? alarm : null);

    public ValueTask<IReadOnlyList<Alarm>> ListAsync(AlarmQuery query, CancellationToken ct = default)
    {
        var selected = Candidates(query.Filter).Where(a => !a.IsDeleted && query.Filter.Selects(new AlarmRow(a)));
        return new(Page(selected, [.. query.OrderBy, NewestFirst, new("alarm_id", Descending: false)], AlarmRow.Compare, query.After, a => a.Id, query.Limit));
    }

    public ValueTask<int> CountAsync(string? projectId, string? userId, CancellationToken ct = default)
    {
        lock (_lock)
        {
            return new((projectId, userId) switch
            {
                (null, null) => _count,
                (null, { } user) => _ofUser.GetValueOrDefault(user),
                ({ } project, null) => _byProject.TryGetValue(project, out var ids) ? ids.Count : 0,
                _ => _byProject.TryGetValue(projectId, out var own) ? own.Count(id => _alarms[id].Definition.UserId == userId) : 0,
            });
        }
    }

    public async ValueTask<IReadOnlyList<AlarmChange>> HistoryAsync(AlarmHistoryQuery query, CancellationToken ct = default)
    {
        var changes = new List<AlarmChange>();
        var events = new List<StreamEvent>();
        await foreach (var stored in store.ReadStreamsAsync(HistoryCandidates(query).ConvertAll(Alarm.StreamOf), ct))
        {
            if (events.Count > 0 && events[0].Stream != stored.Stream)
                Take();
            events.Add(stored);
        }
        Take();
        if (query.OrderBy is not [{ Field: "timestamp", Descending: false }, ..])
            changes.Reverse(); // of equal instants the newest comes first too
        return Page(changes, [.. query.OrderBy, NewestFirst], AlarmChangeRow.Compare, query.After, c => c.EventId.ToString(), query.Limit);

        // The history of one alarm, whose stream has been read.
        void Take()
        {
            changes.AddRange(AlarmHistory.Of(events).Where(c => query.Filter.Selects(new AlarmChangeRow(c))));
            events.Clear();
        }
    }

    public IReadOnlyList<Alarm> Enabled()
    {
        var enabled = new List<Alarm>();
        foreach (var (_, alarm) in _alarms)
        {
            if (alarm.IsEnabled && alarm.Definition.Rule is not EventRule)
                enabled.Add(alarm);
        }
        return enabled;
    }

    public AlarmWatch Watch()
    {
        var watch = new AlarmWatch(w =>
        {
            lock (_lock)
                _watches.Remove(w);
        });
        lock (_lock)
            _watches.Add(watch);
        return watch;
    }

    public IReadOnlyList<Alarm> OnEvent(string projectId, string eventType)
    {
        lock (_lock)
        {
            var (exact, patterns) = (Waiting((projectId, eventType)), Waiting((projectId, null)));
            return exact.Length == 0 ? patterns : patterns.Length == 0 ? exact : [.. exact, .. patterns];
        }
    }

    /// <summary>The alarms that wait for a key; kept as they are until one of them changes.</summary>
    private Alarm[] Waiting((string, string?) key)
    {
        if (!_onEvent.TryGetValue(key, out var ids))
            return [];
        if (!_waiting.TryGetValue(key, out var alarms))
            _waiting.Add(key, alarms = [.. ids.Select(id => _alarms[id])]);
        return alarms;
    }

    private IEnumerable<Alarm> Candidates(Predicate filter)
    {
        if (Pinned(filter, "alarm_id") is { } id)
            return _alarms.TryGetValue(id, out var alarm) ? [alarm] : [];
        if (Named(filter) is { } ids)
            return ids.Select(i => _alarms.GetValueOrDefault(i)).OfType<Alarm>();
        if (Pinned(filter, "project_id") is not { } project)
            return _alarms.Values;
        lock (_lock)
            return _byProject.TryGetValue(project, out var own) ? own.Select(i => _alarms[i]).ToList() : [];
    }

    /// <summary>The ids of which an alarm must have one, as far as the conjunction at the top says so.</summary>
    private static IEnumerable<string>? Named(Predicate filter) => filter switch
    {
        Predicate.OneOf { Field.Name: "alarm_id" } o => o.Values.Where(v => v.Kind == ValueKind.Text).Select(v => v.Text!).Distinct(),
        Predicate.All all => all.Operands.Select(Named).FirstOrDefault(ids => ids is not null),
        _ => null,
    };

    private List<string> HistoryCandidates(AlarmHistoryQuery query)
    {
        bool Counts(string id) => _alarms.TryGetValue(id, out var alarm) && (query.IncludeDeleted || !alarm.IsDeleted);

        if (Pinned(query.Filter, "alarm_id") is { } id)
            return Counts(id) ? [id] : [];
        if (Pinned(query.Filter, "on_behalf_of") is not { } project)
            return _alarms.Keys.Where(Counts).Order(StringComparer.Ordinal).ToList();
        lock (_lock)
            return _touchedFor.TryGetValue(project, out var ids) ? ids.Where(Counts).Order(StringComparer.Ordinal).ToList() : [];
    }

    /// <summary>The text that a field must be equal to, as far as the conjunction at the top says so.</summary>
    private static string? Pinned(Predicate filter, string field) => filter switch
    {
        Predicate.Compare { Operator: Comparison.Equal, Value.Kind: ValueKind.Text } c when c.Field.Name == field => c.Value.Text,
        Predicate.All all => all.Operands.Select(o => Pinned(o, field)).FirstOrDefault(v => v is not null),
        _ => null,
    };

    private static List<T> Page<T>(
        IEnumerable<T> selected, IReadOnlyList<AlarmSortKey> keys, Func<T, T, string, int> compare, string? after, Func<T, string> id, int? limit)
    {
        var sorted = keys.Skip(1).Aggregate(selected.OrderBy(x => x, Comparing(keys[0])), (rows, k) => rows.ThenBy(x => x, Comparing(k)));
        IEnumerable<T> page = sorted;
        if (after is not null)
        {
            var all = sorted.ToList();
            var marker = all.FindIndex(x => id(x) == after);
            page = marker < 0 ? throw new UnknownMarkerException(after) : all.Skip(marker + 1);
        }
        return (limit is { } most ? page.Take(most) : page).ToList();

        Comparer<T> Comparing(AlarmSortKey k) => Comparer<T>.Create((x, y) => k.Descending ? compare(y, x, k.Field) : compare(x, y, k.Field));
    }

    private static string IdOf(StreamName stream) => stream.ToString()[(AlarmEvent.Category.Length + 1)..];

    private void Remember(Alarm alarm)
    {
        _count++;
        if (alarm.Definition.ProjectId is { } project)
            Add(_byProject, project, alarm.Id);
        if (alarm.Definition.UserId is { } user)
            _ofUser[user] = _ofUser.GetValueOrDefault(user) + 1;
        if (EventKey(alarm) is { } key)
        {
            Add(_onEvent, key, alarm.Id);
            _waiting.Remove(key);
        }
    }

    private void Forget(Alarm alarm)
    {
        _count--;
        if (alarm.Definition.ProjectId is { } project)
            Remove(_byProject, project, alarm.Id);
        if (alarm.Definition.UserId is { } user && --_ofUser[user] == 0)
            _ofUser.Remove(user);
        if (EventKey(alarm) is { } key)
        {
            Remove(_onEvent, key, alarm.Id);
            _waiting.Remove(key);
        }
    }

    private static (string, string?)? EventKey(Alarm alarm) => alarm is { IsEnabled: true, Definition.Rule: EventRule rule }
        ? (alarm.Definition.ProjectId ?? "", ShellPattern.IsLiteral(rule.EventType) ? rule.EventType : null)
        : null;

    private static void Add<TKey>(Dictionary<TKey, HashSet<string>> index, TKey key, string id) where TKey : notnull
    {
        if (!index.TryGetValue(key, out var ids))
            index.Add(key, ids = new(StringComparer.Ordinal));
        ids.Add(id);
    }

    private static void Remove<TKey>(Dictionary<TKey, HashSet<string>> index, TKey key, string id) where TKey : notnull
    {
        if (index.TryGetValue(key, out var ids) && ids.Remove(id) && ids.Count == 0)
            index.Remove(key);
    }
}
