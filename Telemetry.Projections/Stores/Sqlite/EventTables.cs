using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Samples.Reading;

namespace Telemetry.Projections.Stores.Sqlite;

/// <inheritdoc cref="IEventTables"/>
/// <param name="step">Called before each step of a write: tests stop there.</param>
internal sealed class EventTables(ReadModelDatabase database, Generation generation, Action<string>? step = null)
    : SqliteTables(database, generation, ["event_place", "event", "event_trait", "event_value", "event_type_trait"], step), IEventTables
{
    /// <summary>How many values the writer remembers the numbers of, and readers the values.</summary>
    private const int MaxRemembered = 50_000;

    private readonly ReadModelDatabase _database = database;
    private readonly Action<string>? _step = step;
    private readonly ConcurrentDictionary<TraitDescription, int> _traits = new();
    private readonly Dictionary<(int Trait, long Scope, QueryValue Value), long> _values = []; // only the writer's
    private readonly HashSet<(long Type, int Trait)> _typeTraits = []; // only the writer's
    private readonly ConcurrentDictionary<long, Trait> _read = new(); // only of what is committed
    private long _lastValue;

    public string Location => _database.Location;

    internal string EventTable => $"event{Suffix}";
    internal string TraitTable => $"event_trait{Suffix}";
    internal string ValueTable => $"event_value{Suffix}";
    internal string PlaceTable => $"event_place{Suffix}";
    private string TypeTraitTable => $"event_type_trait{Suffix}";

    public long LastNumber()
    {
        using var lease = _database.Connect();
        return (long)lease.Scalar($"select coalesce(max(id), 0) from {EventTable}")!;
    }

    /// <summary>Reads what the writer remembers; once, before all else.</summary>
    public void Load()
    {
        _traits.Clear();
        _values.Clear();
        _typeTraits.Clear();
        using var lease = _database.Connect();
        _lastValue = (long)lease.Scalar($"select coalesce(max(id), 0) from {ValueTable}")!;
        foreach (var (id, trait) in Query(lease, $"select id, name, type from {TraitTable}", r => (r.GetInt32(0), new TraitDescription(r.GetString(1), (TraitType)r.GetByte(2)))))
            _traits[trait] = id;
        foreach (var pair in Query(lease, $"select type, trait from {TypeTraitTable}", r => (r.GetInt64(0), r.GetInt32(1))))
            _typeTraits.Add(pair);
    }

    protected override string CreateSql => $"""
        -- message_id: 16 bytes where it is a UUID in its usual form; traits: varints, the numbers of values in the order of the event
        create table {EventTable} (
            id integer primary key, message_id blob not null unique, type integer not null, generated integer not null,
            position integer not null, traits blob not null, raw blob);
        create index event_generated{Suffix} on {EventTable} (generated);
        create table {TraitTable} (id integer primary key, name text not null, type integer not null);
        create table {ValueTable} (id integer primary key, trait integer not null, scope integer not null, value not null, unique (trait, scope, value));
        create table {PlaceTable} (
            value integer not null, generated integer not null, event integer not null, primary key (value, generated, event)) without rowid;
        create table {TypeTraitTable} (type integer not null, trait integer not null, primary key (type, trait)) without rowid;
        """;

    public void Write(IReadOnlyList<TelemetryEventRow> rows, long position, bool live)
    {
        try
        {
            Write(
                writer =>
                {
                    if (rows.Count > 0)
                        Insert(writer.Connection, writer.Transaction, rows);
                },
                position, live);
        }
        catch when (rows.Count > 0)
        {
            Load(); // what was to be stored is not: its numbers are free again
            throw;
        }
    }

    public HashSet<string> Known(IReadOnlyCollection<string> messageIds, long upTo)
    {
        using var lease = _database.Connect();
        using var find = Command(lease.Connection, null, $"select 1 from {EventTable} where message_id = $0 and id <= $1", 2);
        return messageIds.Where(id => Run(find, EventValues.Key(id), upTo).ExecuteScalar() is not null).ToHashSet();
    }

    public List<TelemetryEventRow> Search(TelemetryEventQuery query, long upTo, QueryBudget budget)
    {
        using var lease = _database.Connect();
        using var search = new EventSearch(this, lease.Connection, query, upTo, budget);
        return search.Run();
    }

    public List<string> EventTypes()
    {
        using var lease = _database.Connect();
        return Query(lease, $"select value from {ValueTable} where trait = {EventBytes.TypeTrait} and scope = 0", r => r.GetString(0));
    }

    public List<(string EventType, TraitDescription Trait)> TraitsOf(IReadOnlyCollection<string> eventTypes)
    {
        using var lease = _database.Connect();
        return Query(
            lease,
            $"""
            select v.value, t.name, t.type from {ValueTable} v join {TypeTraitTable} p on p.type = v.id join {TraitTable} t on t.id = p.trait
            where v.trait = {EventBytes.TypeTrait} and v.scope = 0 and v.value in (select value from json_each($0))
            """,
            r => (r.GetString(0), new TraitDescription(r.GetString(1), (TraitType)r.GetByte(2))), JsonSerializer.Serialize(eventTypes));
    }

    /// <summary>The number of a trait; null where no event has it.</summary>
    internal int? NumberOf(TraitDescription trait) => _traits.TryGetValue(trait, out var number) ? number : null;

    /// <summary>The trait of a number, out of memory where it was read lately.</summary>
    internal Trait Remembered(long number, Func<long, Trait> load)
    {
        if (_read.TryGetValue(number, out var known))
            return known;
        if (_read.Count >= MaxRemembered)
            _read.Clear();
        return _read[number] = load(number);
    }

    private void Insert(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyList<TelemetryEventRow> rows)
    {
        using var values = new ValueWriter(this, connection, transaction);
        using var insertEvent = Command(connection, transaction, $"insert into {EventTable} (id, message_id, type, generated, position, traits, raw) values ($0, $1, $2, $3, $4, $5, $6)", 7);
        using var insertPlace = Command(connection, transaction, $"insert into {PlaceTable} (value, generated, event) values ($0, $1, $2)", 3);
        using var insertPair = Command(connection, transaction, $"insert into {TypeTraitTable} (type, trait) values ($0, $1)", 2);
        var places = new List<(long Value, long Generated, long Event)>(rows.Count * 12);
        _step?.Invoke("events");
        foreach (var (e, place, position) in rows)
        {
            var type = values.Number(EventBytes.TypeTrait, 0, QueryValue.Of(e.EventType));
            var project = e["project_id", TraitType.Text];
            var scope = project.Kind == ValueKind.Null
                ? values.Number(EventBytes.NoProjectTrait, 0, QueryValue.Of(0))
                : values.Number(values.Number(EventBytes.ProjectTrait), 0, project);
            places.AddRange([(scope, place.GeneratedAt, place.Number), (type, place.GeneratedAt, place.Number)]);
            places.Add((values.Number(EventBytes.TypeTrait, scope, QueryValue.Of(e.EventType)), place.GeneratedAt, place.Number));
            var numbers = new long[e.Traits.Count];
            for (var i = 0; i < numbers.Length; i++)
            {
                var description = new TraitDescription(e.Traits[i].Name, e.Traits[i].Type);
                var trait = values.Number(description);
                if (_typeTraits.Add((type, trait)))
                    Run(insertPair, type, trait).ExecuteNonQuery();
                numbers[i] = description == EventBytes.ProjectTrait ? scope : values.Number(trait, scope, e.Traits[i].Value);
                if (numbers[i] != scope)
                    places.Add((numbers[i], place.GeneratedAt, place.Number));
            }
            Run(insertEvent, place.Number, EventValues.Key(e.MessageId), type, place.GeneratedAt, position, EventBytes.Numbers(numbers), EventBytes.Raw(e)).ExecuteNonQuery();
        }
        _step?.Invoke("places");
        places.Sort(); // neighbours go into the same page
        foreach (var (value, generated, number) in places)
            Run(insertPlace, value, generated, number).ExecuteNonQuery();
    }

    private static List<T> Query<T>(ReadModelDatabase.Lease lease, string sql, Func<SqliteDataReader, T> read, params object[] parameters)
    {
        using var command = Command(lease.Connection, null, sql, parameters.Length);
        using var reader = Run(command, parameters).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    internal static SqliteCommand Command(SqliteConnection connection, SqliteTransaction? transaction, string sql, int parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        for (var i = 0; i < parameters; i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        return command;
    }

    internal static SqliteCommand Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    /// <summary>Finds the numbers of traits and values, and gives new ones.</summary>
    private sealed class ValueWriter(EventTables tables, SqliteConnection connection, SqliteTransaction transaction) : IDisposable
    {
        private readonly SqliteCommand _insertTrait = Command(connection, transaction, $"insert into {tables.TraitTable} (id, name, type) values ($0, $1, $2)", 3);
        private readonly SqliteCommand _find = Command(connection, transaction, $"select id from {tables.ValueTable} where trait = $0 and scope = $1 and value = $2", 3);
        private readonly SqliteCommand _insert = Command(connection, transaction, $"insert into {tables.ValueTable} (id, trait, scope, value) values ($0, $1, $2, $3)", 4);

        public int Number(TraitDescription trait)
        {
            if (tables._traits.TryGetValue(trait, out var number))
                return number;
            number = tables._traits.Count + 1;
            Run(_insertTrait, number, trait.Name, (int)trait.Type).ExecuteNonQuery();
            return tables._traits[trait] = number;
        }

        public long Number(int trait, long scope, QueryValue value)
        {
            if (tables._values.TryGetValue((trait, scope, value), out var number))
                return number;
            var stored = EventValues.Stored(value);
            if (Run(_find, trait, scope, stored).ExecuteScalar() is long found)
            {
                number = found;
            }
            else
            {
                number = ++tables._lastValue;
                Run(_insert, number, trait, scope, stored).ExecuteNonQuery();
            }
            if (tables._values.Count >= MaxRemembered)
                tables._values.Clear();
            return tables._values[(trait, scope, value)] = number;
        }

        public void Dispose()
        {
            _insertTrait.Dispose();
            _find.Dispose();
            _insert.Dispose();
        }
    }
}
