using Microsoft.Data.Sqlite;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Samples.Reading;

namespace Telemetry.Projections.Stores.Sqlite;

/// <summary>One search for telemetry events: goes through the places that all of the filter's conditions have in common, and holds each event against the whole filter.</summary>
/// <remarks>
/// The conditions on the project give the scopes in which values are looked for. Equalities give cursors at once. A comparison of a trait with
/// few values is as good as an equality with any of them. One with many is left to the filter, as nearly all events or very few have it: going
/// through events in vain and collecting its places take turns, each with more effort than before, until one of them is done.
/// </remarks>
internal sealed class EventSearch(EventTables tables, SqliteConnection connection, TelemetryEventQuery query, long upTo, QueryBudget budget) : IDisposable
{
    /// <summary>How many values a comparison may have for each to be followed by a cursor.</summary>
    private const int FewValues = 32;

    /// <summary>How many events are looked at in vain before places of comparisons are collected for the first time.</summary>
    private const int Patience = 64;

    /// <summary>How many places are collected in the time of looking at an event.</summary>
    private const int PlacesAnEvent = 64;

    /// <summary>How many places of a comparison are collected at most.</summary>
    private const int MaxPlaces = 50_000;

    private readonly List<IDisposable> _open = [];
    private readonly List<TelemetryEventRow> _found = [];
    private SqliteCommand? _load;
    private SqliteCommand? _loadValue;
    private SqliteCommand? _findValue;

    private IReadOnlyList<long>? _scopes;

    public List<TelemetryEventRow> Run()
    {
        var projects = EventConditions.Projects(query.Filter);
        _scopes = projects?.Select(Scope).OfType<long>().ToList();
        if (_scopes is [])
            return [];
        var (cursors, comparisons) = (new List<EventCursor>(), new List<Predicate.Compare>());
        foreach (var condition in EventConditions.Conjunction(query.Filter, projects))
        {
            if (condition is Predicate.Constant { Value: not true })
                return [];
            if (Equality(condition) is { } places)
                cursors.Add(places);
            else if (condition is Predicate.Compare comparison && EventConditions.CanFollow(comparison))
                comparisons.Add(comparison);
        }
        comparisons.RemoveAll(c => TryFollow(cursors, FewPlaces(c)));
        if (cursors.Count == 0)
            cursors.Add(_scopes is { } scopes ? new UnionCursor([.. scopes.Select(Places)], query.Descending) : Add(new PlaceCursor(connection, tables.EventTable, "id", null, query.Descending)));
        var start = Start();
        for (var patience = Patience; !Scan(cursors, ref start, comparisons.Count > 0 ? patience : int.MaxValue); patience *= 4)
        {
            var most = Math.Min(patience * PlacesAnEvent, MaxPlaces);
            comparisons.RemoveAll(c => TryFollow(cursors, ManyPlaces(c, most)) || most == MaxPlaces);
        }
        return _found;
    }

    public void Dispose()
    {
        foreach (var open in _open)
            open.Dispose();
    }

    /// <summary>Takes events from a place on, until there are enough or none.</summary>
    /// <param name="start">Becomes the place to go on from.</param>
    /// <returns>False where the patience was used up first.</returns>
    private bool Scan(List<EventCursor> cursors, ref TelemetryEventPlace start, int patience)
    {
        var range = query.Filter.Bounds(TelemetryEventFields.GeneratedAt);
        while (_found.Count < query.Limit && Common(cursors, start) is { } place && !IsBeyond(range, place))
        {
            budget.Check();
            start = place with { Number = query.Descending ? place.Number - 1 : place.Number + 1 };
            if (place.Number <= upTo && Load(place) is var row && query.Filter.Selects(row))
                _found.Add(row);
            else if (--patience == 0)
                return false;
        }
        return true;
    }

    private static bool TryFollow(List<EventCursor> cursors, EventCursor? cursor)
    {
        if (cursor is not null)
            cursors.Add(cursor);
        return cursor is not null;
    }

    /// <summary>The first place from one on that all cursors have.</summary>
    private static TelemetryEventPlace? Common(List<EventCursor> cursors, TelemetryEventPlace from)
    {
        for (var (agreed, at) = (0, 0); agreed < cursors.Count; at = (at + 1) % cursors.Count)
        {
            if (cursors[at].Seek(from) is not { } found)
                return null;
            agreed = found == from ? agreed + 1 : 1;
            from = found;
        }
        return from;
    }

    private TelemetryEventPlace Start()
    {
        var range = query.Filter.Bounds(TelemetryEventFields.GeneratedAt);
        if (query.Descending)
        {
            var last = range.To is { } to ? new TelemetryEventPlace(to - 1, long.MaxValue) : new(long.MaxValue, long.MaxValue);
            return query.After is { } after && after with { Number = after.Number - 1 } is var next && next < last ? next : last;
        }
        var first = new TelemetryEventPlace(range.From ?? long.MinValue, 0);
        return query.After is { } before && before with { Number = before.Number + 1 } is var following && following > first ? following : first;
    }

    private bool IsBeyond(TimeRange range, TelemetryEventPlace place) =>
        query.Descending ? range.From is { } from && place.GeneratedAt < from : range.To is { } to && place.GeneratedAt >= to;

    /// <summary>The places of a condition that says which value there is; null where it says something else.</summary>
    private EventCursor? Equality(Predicate condition) => condition switch
    {
        Predicate.Compare { Operator: Comparison.Equal } c when c.Field == EventConditions.ProjectId => Union([Scope(c.Value)]),
        Predicate.Compare { Operator: Comparison.Equal, Value.Kind: ValueKind.Null } => null,
        Predicate.Compare { Operator: Comparison.Equal } c => Equality(c.Field, c.Value),
        Predicate.OneOf o when o.Values.All(v => v.Kind != ValueKind.Null) => Union(o.Values.Select(v => Equality(new Predicate.Compare(o.Field, Comparison.Equal, v)))),
        Predicate.Any any => Union(any.Operands.Select(Equality)),
        _ => null,
    };

    private EventCursor? Equality(Field field, QueryValue value)
    {
        if (field == TelemetryEventFields.MessageId)
            return MessagePlace(value);
        if (TraitNumber(field) is not var (number, type) || ScopesOf(number) is not { } scopes)
            return null;
        return Union(number is { } trait && value.Kind == EventConditions.KindOf(type) ? scopes.Select(scope => ValueNumber(trait, scope, value)) : []);
    }

    /// <summary>Where a trait's values are; null where they may be anywhere.</summary>
    private IReadOnlyList<long>? ScopesOf(int? trait) => _scopes ?? (trait == EventBytes.TypeTrait ? [0] : null);

    /// <summary>The scope of a project; null where no event is of it.</summary>
    private long? Scope(QueryValue project) => project.Kind == ValueKind.Null
        ? ValueNumber(EventBytes.NoProjectTrait, 0, QueryValue.Of(0))
        : tables.NumberOf(EventBytes.ProjectTrait) is { } trait && project.Kind == ValueKind.Text ? ValueNumber(trait, 0, project) : null;

    private long? ValueNumber(int trait, long scope, QueryValue value)
    {
        _findValue ??= Add(EventTables.Command(connection, null, $"select id from {tables.ValueTable} where trait = $0 and scope = $1 and value = $2", 3));
        return (long?)EventTables.Run(_findValue, trait, scope, EventValues.Stored(value)).ExecuteScalar();
    }

    private (int? Number, TraitType Type)? TraitNumber(Field field) => EventConditions.TraitNumber(field, tables.NumberOf);

    private UnionCursor? Union(IEnumerable<EventCursor?> cursors) => cursors.ToList() is var all && all.TrueForAll(c => c is not null) ? new([.. all.OfType<EventCursor>()], query.Descending) : null;

    private UnionCursor Union(IEnumerable<long?> values) => new([.. values.OfType<long>().Select(Places)], query.Descending);

    private PlaceCursor Places(long value) => Add(new PlaceCursor(connection, tables.PlaceTable, "event", value, query.Descending));

    private ListCursor MessagePlace(QueryValue id)
    {
        if (id.Kind != ValueKind.Text)
            return new([], query.Descending);
        using var find = EventTables.Command(connection, null, $"select generated, id from {tables.EventTable} where message_id = $0", 1);
        return List(EventTables.Run(find, EventValues.Key(id.Text!)), 1)!;
    }

    /// <summary>The places of a comparison that few values meet; null where it is many.</summary>
    private UnionCursor? FewPlaces(Predicate.Compare comparison)
    {
        if (Values(comparison) is not var (condition, trait, value))
            return null;
        using var find = EventTables.Command(connection, null, $"select v.id from {tables.ValueTable} v where {condition} limit {FewValues + 1}", 2);
        using var reader = EventTables.Run(find, trait, value).ExecuteReader();
        var numbers = new List<long?>();
        while (reader.Read())
            numbers.Add(reader.GetInt64(0));
        return numbers.Count <= FewValues ? Union(numbers) : null;
    }

    /// <summary>The places of a comparison; null where there are too many.</summary>
    private ListCursor? ManyPlaces(Predicate.Compare comparison, int max)
    {
        if (Values(comparison) is not var (condition, trait, value))
            return null;
        using var find = EventTables.Command(
            connection, null, $"select p.generated, p.event from {tables.ValueTable} v cross join {tables.PlaceTable} p on p.value = v.id where {condition} limit {max + 1}", 2);
        return List(EventTables.Run(find, trait, value), max);
    }

    /// <summary>The condition, on <c>event_value v</c>, that selects all values that meet a comparison (and perhaps more); null where they may be anywhere.</summary>
    private (string Condition, int Trait, object Value)? Values(Predicate.Compare comparison)
    {
        if (TraitNumber(comparison.Field) is not var (number, type) || ScopesOf(number) is not { } scopes)
            return null;
        if (number is not { } trait || comparison.Value.Kind != EventConditions.KindOf(type))
            return ("false", 0, 0);
        var compared = comparison.Operator switch
        {
            Comparison.Equal => "v.value = $1",
            Comparison.NotEqual => "v.value <> $1",
            Comparison.Less => "v.value < $1",
            Comparison.LessOrEqual => "v.value <= $1",
            Comparison.Greater => "v.value > $1",
            _ => "v.value >= $1",
        };
        if (type == TraitType.Float) // NaN comes before all numbers to the filter and after them here
            compared = double.IsNaN(comparison.Value.Number) ? "$1 is not null" : $"({compared} or v.value >= '{EventValues.NaN}')";
        return ($"v.trait = $0 and v.scope in ({string.Join(',', scopes)}) and {compared}", trait, EventValues.Stored(comparison.Value));
    }

    private ListCursor? List(SqliteCommand find, int max)
    {
        var places = new List<TelemetryEventPlace>();
        using var reader = find.ExecuteReader();
        while (reader.Read())
        {
            if (places.Count == max)
                return null;
            places.Add(new(reader.GetInt64(0), reader.GetInt64(1)));
        }
        places.Sort();
        return new(places, query.Descending);
    }

    private TelemetryEventRow Load(TelemetryEventPlace place)
    {
        _load ??= Add(EventTables.Command(connection, null, $"select message_id, type, position, traits, raw from {tables.EventTable} where id = $0", 1));
        using var reader = EventTables.Run(_load, place.Number).ExecuteReader();
        if (!reader.Read())
            throw new InvalidDataException($"Telemetry event {place.Number} is listed in '{tables.Location}', but not there.");
        var (messageId, type, position) = (EventValues.MessageId(reader.GetValue(0)), Value(reader.GetInt64(1)).Value.Text!, reader.GetInt64(2));
        var e = new TelemetryEvent(messageId, type, place.GeneratedAt, EventBytes.Numbers(reader.GetFieldValue<byte[]>(3)).ConvertAll(Value));
        return new(reader.IsDBNull(4) ? e : e with { Raw = EventBytes.Raw(reader.GetFieldValue<byte[]>(4)) }, place, position);
    }

    /// <summary>The trait of a number; of a type's number one whose name says nothing.</summary>
    private Trait Value(long number) => tables.Remembered(number, LoadValue);

    private Trait LoadValue(long number)
    {
        _loadValue ??= Add(EventTables.Command(
            connection, null, $"select v.value, t.name, t.type from {tables.ValueTable} v left join {tables.TraitTable} t on t.id = v.trait where v.id = $0", 1));
        using var reader = EventTables.Run(_loadValue, number).ExecuteReader();
        if (!reader.Read())
            throw new InvalidDataException($"Trait value {number} is used in '{tables.Location}', but not there.");
        return reader.IsDBNull(1)
            ? new("event_type", QueryValue.Of(reader.GetString(0)))
            : new(reader.GetString(1), EventValues.Value(reader.GetValue(0), (TraitType)reader.GetByte(2)));
    }

    private T Add<T>(T open)
        where T : IDisposable
    {
        _open.Add(open);
        return open;
    }
}
