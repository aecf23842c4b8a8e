using System.Collections.Concurrent;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Samples.Reading;

namespace Telemetry.Projections.Stores.Postgres;

/// <inheritdoc cref="IEventTables"/>
internal sealed class PostgresEventTables(PostgresReadModels database, Generation generation, Action<string>? step = null)
    : PostgresTables(database, generation, ["event_place", "event", "event_trait", "event_value", "event_type_trait"], step), IEventTables
{
    /// <summary>How many values the writer remembers the numbers of, and readers the values.</summary>
    private const int MaxRemembered = 50_000;

    private volatile ConcurrentDictionary<TraitDescription, int> _traits = new();
    private readonly Dictionary<(int Trait, long Scope, QueryValue Value), long> _values = []; // only the writer's
    private readonly HashSet<(long Type, int Trait)> _typeTraits = []; // only the writer's
    private readonly ConcurrentDictionary<long, Trait> _read = new();
    private long _lastValue;

    public string EventTable => $"event{Suffix}";
    public string ValueTable => $"event_value{Suffix}";
    public string PlaceTable => $"event_place{Suffix}";
    private string TraitTable => $"event_trait{Suffix}";
    private string TypeTraitTable => $"event_type_trait{Suffix}";

    // traits: varints, the numbers of values in the order of the event; message_id and key: EventKeys
    protected override string CreateSql => $"""
        create table {EventTable} (
            id bigint primary key, message_id bytea not null unique, type bigint not null, generated bigint not null,
            position bigint not null, traits bytea not null, raw bytea);
        create index on {EventTable} (generated, id);
        create table {TraitTable} (id int primary key, name text not null, type int not null);
        create table {ValueTable} (id bigint primary key, trait int not null, scope bigint not null, key bytea not null, unique (trait, scope, key));
        create table {PlaceTable} (value bigint, generated bigint, event bigint, primary key (value, generated, event));
        create table {TypeTraitTable} (type bigint, trait int, primary key (type, trait));
        """;

    protected override string DistributeSql =>
        string.Concat(((string[])[EventTable, TraitTable, ValueTable, PlaceTable, TypeTraitTable]).Select(table => $"select create_reference_table('{table}');"));

    public void Load()
    {
        _values.Clear();
        _typeTraits.Clear();
        _lastValue = Query($"select coalesce(max(id), 0) from {ValueTable}", r => r.GetInt64(0)).Single();
        _traits = new(Query($"select id, name, type from {TraitTable}", r => KeyValuePair.Create(new TraitDescription(r.GetString(1), (TraitType)r.GetInt32(2)), r.GetInt32(0))));
        foreach (var pair in Query($"select type, trait from {TypeTraitTable}", r => (r.GetInt64(0), r.GetInt32(1))))
            _typeTraits.Add(pair);
    }

    public long LastNumber() => Query($"select coalesce(max(id), 0) from {EventTable}", r => r.GetInt64(0)).Single();

    public void Write(IReadOnlyList<TelemetryEventRow> rows, long position, bool live)
    {
        try
        {
            var news = Number(rows);
            Write(writer => Insert(writer, news), position, live);
        }
        catch when (rows.Count > 0)
        {
            Load(); // what was to be stored is not: its numbers are free again
            throw;
        }
    }

    public HashSet<string> Known(IReadOnlyCollection<string> messageIds, long upTo) => messageIds.Count == 0 ? [] : [.. Query(
        $"select message_id from {EventTable} where message_id = any($1) and id <= $2", r => EventKeys.MessageId(r.GetFieldValue<byte[]>(0)),
        messageIds.Select(EventKeys.Of).ToArray(), upTo)];

    public List<TelemetryEventRow> Search(TelemetryEventQuery query, long upTo, QueryBudget budget) => new PostgresEventSearch(this, query, upTo, budget).Run();

    public List<string> EventTypes() => [.. Query(
        $"select key from {ValueTable} where trait = {EventBytes.TypeTrait} and scope = 0", r => EventKeys.Value(r.GetFieldValue<byte[]>(0), TraitType.Text).Text!)];

    public List<(string EventType, TraitDescription Trait)> TraitsOf(IReadOnlyCollection<string> eventTypes) => [.. Query(
        $"""
        select v.key, t.name, t.type from {ValueTable} v join {TypeTraitTable} p on p.type = v.id join {TraitTable} t on t.id = p.trait
        where v.trait = {EventBytes.TypeTrait} and v.scope = 0 and v.key = any($1)
        """,
        r => (EventKeys.Value(r.GetFieldValue<byte[]>(0), TraitType.Text).Text!, new TraitDescription(r.GetString(1), (TraitType)r.GetInt32(2))),
        (object)eventTypes.Select(t => EventKeys.Of(QueryValue.Of(t))).ToArray())];

    /// <summary>The number of a trait; null where no event has it.</summary>
    public int? NumberOf(TraitDescription trait) => _traits.TryGetValue(trait, out var number) ? number : null;

    /// <summary>Reads rows for a search.</summary>
    public List<T> Rows<T>(string sql, Func<Npgsql.NpgsqlDataReader, T> read, params object[] parameters) => [.. Query(sql, read, parameters)];

    /// <summary>The traits of numbers of values; of a type's number one whose name says nothing. What is not remembered is read in one go.</summary>
    public Dictionary<long, Trait> Traits(IEnumerable<long> numbers)
    {
        var (found, missing) = (new Dictionary<long, Trait>(), new List<long>());
        foreach (var number in numbers.Distinct())
        {
            if (_read.TryGetValue(number, out var known))
                found[number] = known;
            else
                missing.Add(number);
        }
        if (missing.Count == 0)
            return found;
        if (_read.Count + missing.Count > MaxRemembered)
            _read.Clear();
        foreach (var (number, key, name, type) in Query(
            $"select v.id, v.key, t.name, t.type from {ValueTable} v left join {TraitTable} t on t.id = v.trait where v.id = any($1)",
            r => (r.GetInt64(0), r.GetFieldValue<byte[]>(1), r.IsDBNull(2) ? null : r.GetString(2), r.IsDBNull(3) ? TraitType.Text : (TraitType)r.GetInt32(3)), missing.ToArray()))
        {
            _read[number] = found[number] = new Trait(name ?? "event_type", EventKeys.Value(key, type));
        }
        return missing.Find(number => !found.ContainsKey(number)) is > 0 and var absent
            ? throw new InvalidDataException($"Trait value {absent} is used in '{Database.Location}', but not there.")
            : found;
    }

    /// <summary>Gives numbers to what is new.</summary>
    private NewRows Number(IReadOnlyList<TelemetryEventRow> rows)
    {
        var news = new NewRows();
        var owners = rows.Select(row => Owner(row.Event, news)).ToList();
        FindValues(owners);
        var parts = rows.Zip(owners, (row, owner) => Parts(row.Event, NumberOf(owner, news), news)).ToList();
        FindValues(parts.SelectMany(p => p));
        foreach (var ((e, place, position), owner, values) in rows.Zip(owners, parts))
        {
            var numbers = values.ConvertAll(v => NumberOf(v, news));
            news.Places.AddRange(numbers.Append(NumberOf(owner, news)).Distinct().Select(value => (value, place.GeneratedAt, place.Number)));
            var traits = numbers.TakeLast(e.Traits.Count).ToArray();
            news.Events.Add((place.Number, EventKeys.Of(e.MessageId), numbers[0], place.GeneratedAt, position, EventBytes.Numbers(traits), EventBytes.Raw(e)));
            foreach (var (trait, _, _) in values.TakeLast(e.Traits.Count))
            {
                if (_typeTraits.Add((numbers[0], trait)))
                    news.TypeTraits.Add((numbers[0], trait));
            }
        }
        news.Places.Sort(); // neighbours go into the same page
        if (_values.Count >= MaxRemembered)
            _values.Clear();
        return news;
    }

    /// <summary>The value that is the scope of an event's others.</summary>
    private (int Trait, long Scope, QueryValue Value) Owner(TelemetryEvent e, NewRows news) =>
        e[EventBytes.ProjectTrait.Name, EventBytes.ProjectTrait.Type] is { Kind: not ValueKind.Null } project
            ? (TraitNumber(EventBytes.ProjectTrait, news), 0, project)
            : (EventBytes.NoProjectTrait, 0, QueryValue.Of(0));

    /// <summary>The values of an event: its type, for all and in its scope, and its traits.</summary>
    private List<(int Trait, long Scope, QueryValue Value)> Parts(TelemetryEvent e, long scope, NewRows news)
    {
        var type = QueryValue.Of(e.EventType);
        var parts = new List<(int, long, QueryValue)>(e.Traits.Count + 2) { (EventBytes.TypeTrait, 0, type), (EventBytes.TypeTrait, scope, type) };
        foreach (var trait in e.Traits)
        {
            var description = new TraitDescription(trait.Name, trait.Type);
            parts.Add((TraitNumber(description, news), description == EventBytes.ProjectTrait ? 0 : scope, trait.Value));
        }
        return parts;
    }

    private int TraitNumber(TraitDescription trait, NewRows news)
    {
        if (_traits.TryGetValue(trait, out var number))
            return number;
        _traits[trait] = number = _traits.Count + 1;
        news.Traits.Add((number, trait));
        return number;
    }

    private void FindValues(IEnumerable<(int Trait, long Scope, QueryValue Value)> values)
    {
        var keys = values.Distinct().Where(v => !_values.ContainsKey(v)).ToLookup(u => (u.Trait, u.Scope, Convert.ToHexString(EventKeys.Of(u.Value))), u => u.Value);
        foreach (var page in keys.Chunk(5_000))
        {
            foreach (var (trait, scope, key, id) in Query(
                $"select trait, scope, key, id from {ValueTable} join unnest($1, $2, $3) as a (trait, scope, key) using (trait, scope, key)",
                r => (r.GetInt32(0), r.GetInt64(1), Convert.ToHexString(r.GetFieldValue<byte[]>(2)), r.GetInt64(3)),
                page.Select(k => k.Key.Trait).ToArray(), page.Select(k => k.Key.Scope).ToArray(), page.Select(k => Convert.FromHexString(k.Key.Item3)).ToArray()))
            {
                foreach (var value in keys[(trait, scope, key)])
                    _values[(trait, scope, value)] = id;
            }
        }
    }

    private long NumberOf((int Trait, long Scope, QueryValue Value) part, NewRows news)
    {
        if (_values.TryGetValue(part, out var number))
            return number;
        _values[part] = number = ++_lastValue;
        news.Values.Add((number, part.Trait, part.Scope, EventKeys.Of(part.Value)));
        return number;
    }

    private void Insert(Writer writer, NewRows news)
    {
        writer.Copy("traits", TraitTable, news.Traits, static (row, into) =>
        {
            into.Write(row.Number);
            into.Write(row.Trait.Name);
            into.Write((int)row.Trait.Type);
        });
        writer.Copy("values", ValueTable, news.Values, static (row, into) =>
        {
            into.Write(row.Number);
            into.Write(row.Trait);
            into.Write(row.Scope);
            into.Write(row.Key);
        });
        writer.Copy("traits of types", TypeTraitTable, news.TypeTraits, static (row, into) =>
        {
            into.Write(row.Type);
            into.Write(row.Trait);
        });
        writer.Copy("events", EventTable, news.Events, static (row, into) =>
        {
            into.Write(row.Number);
            into.Write(row.Key);
            into.Write(row.Type);
            into.Write(row.GeneratedAt);
            into.Write(row.Position);
            into.Write(row.Traits);
            if (row.Raw is { } raw)
                into.Write(raw);
            else
                into.WriteNull();
        });
        writer.Copy("places", PlaceTable, news.Places, static (row, into) =>
        {
            into.Write(row.Value);
            into.Write(row.GeneratedAt);
            into.Write(row.Event);
        });
    }

    /// <summary>What one flush adds.</summary>
    private sealed class NewRows
    {
        public List<(int Number, TraitDescription Trait)> Traits { get; } = [];
        public List<(long Number, int Trait, long Scope, byte[] Key)> Values { get; } = [];
        public List<(long Type, int Trait)> TypeTraits { get; } = [];
        public List<(long Number, byte[] Key, long Type, long GeneratedAt, long Position, byte[] Traits, byte[]? Raw)> Events { get; } = [];
        public List<(long Value, long GeneratedAt, long Event)> Places { get; } = [];
    }
}
