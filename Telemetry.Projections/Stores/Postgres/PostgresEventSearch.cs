using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Samples.Reading;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>One search for telemetry events: PostgreSQL gives pages of candidates in order, and each is held against the whole filter.</summary>
/// <remarks>
/// The rarest value that an event must have gives the places to go along; other equalities are looked up beside. Comparisons, which nearly all
/// events or very few meet, come in where a page of candidates was not enough.
/// </remarks>
internal sealed class PostgresEventSearch(PostgresEventTables tables, TelemetryEventQuery query, long upTo, QueryBudget budget)
{
    /// <summary>Candidates that are read at a time.</summary>
    private const int PageSize = 500;

    /// <summary>Up to how many places of a value are counted to find the rarest.</summary>
    private const int Counted = 10_000;

    private readonly List<TelemetryEventRow> _found = [];
    private readonly List<object> _parameters = [];

    public List<TelemetryEventRow> Run()
    {
        var (values, conditions, comparisons) = (new List<long>(), new List<string>(), new List<Predicate.Compare>());
        foreach (var condition in EventConditions.Conjunction(query.Filter))
        {
            if (condition is Predicate.Constant { Value: not true })
                return [];
            if (ValueOf(condition) is { } value)
            {
                if (value == 0)
                    return []; // no event has it
                values.Add(value);
            }
            else if (Equality(condition) is { } sql)
            {
                conditions.Add(sql);
            }
            else if (condition is Predicate.Compare comparison && EventConditions.CanFollow(comparison))
            {
                comparisons.Add(comparison);
            }
        }
        var rarest = Rarest(values);
        conditions.AddRange(values.Where(v => v != rarest).Select(v => HasValue([v])));
        var start = query.After;
        if (Page(rarest, conditions, ref start))
            return _found;
        conditions.AddRange(comparisons.Select(Comparison));
        while (!Page(rarest, conditions, ref start))
            budget.Check();
        return _found;
    }

    /// <summary>Takes a page of candidates.</summary>
    /// <param name="after">Becomes the last of them.</param>
    /// <returns>Whether there are enough, or no more.</returns>
    private bool Page(long? value, List<string> conditions, ref TelemetryEventPlace? after)
    {
        var (beyond, order) = query.Descending ? ("<", "desc") : (">", "asc");
        var (generated, number) = value is null ? ("e.generated", "e.id") : ("p.generated", "p.event");
        var before = _parameters.Count;
        List<string> where = [.. conditions, $"{number} <= {Parameter(upTo)}"];
        if (value is { } one)
            where.Add($"p.value = {Parameter(one)}");
        if (after is { } place)
            where.Add($"({generated}, {number}) {beyond} ({Parameter(place.GeneratedAt)}, {Parameter(place.Number)})");
        var range = query.Filter.Bounds(TelemetryEventFields.GeneratedAt);
        if (range.From is { } from)
            where.Add($"{generated} >= {Parameter(from)}");
        if (range.To is { } to)
            where.Add($"{generated} < {Parameter(to)}");
        var candidates = tables.Rows(
            $"""
            select e.id, e.message_id, e.type, e.generated, e.position, e.traits, e.raw
            from {(value is null ? "" : $"{tables.PlaceTable} p join ")}{tables.EventTable} e{(value is null ? "" : " on e.id = p.event")}
            where {string.Join(" and ", where)} order by {generated} {order}, {number} {order} limit {PageSize}
            """,
            r => (Number: r.GetInt64(0), Key: r.GetFieldValue<byte[]>(1), Type: r.GetInt64(2), At: r.GetInt64(3), Position: r.GetInt64(4),
                Traits: EventBytes.Numbers(r.GetFieldValue<byte[]>(5)), Raw: r.IsDBNull(6) ? null : r.GetFieldValue<byte[]>(6)),
            [.. _parameters]);
        _parameters.RemoveRange(before, _parameters.Count - before);
        var traits = tables.Traits(candidates.SelectMany(c => c.Traits.Append(c.Type)));
        foreach (var c in candidates)
        {
            after = new(c.At, c.Number);
            var e = new TelemetryEvent(EventKeys.MessageId(c.Key), traits[c.Type].Value.Text!, c.At, c.Traits.ConvertAll(n => traits[n]));
            var row = new TelemetryEventRow(c.Raw is null ? e : e with { Raw = EventBytes.Raw(c.Raw) }, after.Value, c.Position);
            if (query.Filter.Selects(row))
                _found.Add(row);
            if (_found.Count == query.Limit)
                return true;
        }
        return candidates.Count < PageSize;
    }

    /// <summary>Of the values that an event must have, the one that fewest have; null for none.</summary>
    private long? Rarest(List<long> values) => values.Count < 2 ? values.Select(v => (long?)v).FirstOrDefault() : tables.Rows(
        $"select v, (select count(*) from (select from {tables.PlaceTable} where value = v limit {Counted}) as p) from unnest($1) as v order by 2 limit 1",
        r => (long?)r.GetInt64(0), (object)values.ToArray()).Single();

    /// <summary>The number of the value that a condition asks for, 0 where no event has it; null where it asks for something else.</summary>
    private long? ValueOf(Predicate condition)
    {
        if (condition is not Predicate.Compare { Operator: Domain.Queries.Comparison.Equal } c)
            return null;
        if (c.Value.Kind == ValueKind.Null)
            return c.Field == EventConditions.ProjectId ? Number(EventBytes.NoProjectTrait, QueryValue.Of(0)) : null;
        return EventConditions.TraitNumber(c.Field, tables.NumberOf) is not { } trait ? null
            : trait.Number is { } number && c.Value.Kind == EventConditions.KindOf(trait.Type) ? Number(number, c.Value) : 0;
    }

    private long Number(int trait, QueryValue value) =>
        tables.Rows($"select id from {tables.ValueTable} where trait = $1 and key = $2", r => r.GetInt64(0), trait, EventKeys.Of(value)).SingleOrDefault();

    /// <summary>A condition that says which values there may be, on <c>event e</c>; null where it says something else.</summary>
    private string? Equality(Predicate condition)
    {
        switch (condition)
        {
            case Predicate.Compare { Operator: Domain.Queries.Comparison.Equal } c when c.Field == TelemetryEventFields.MessageId && c.Value.Kind != ValueKind.Null:
                return c.Value.Kind == ValueKind.Text ? $"e.message_id = {Parameter(EventKeys.Of(c.Value.Text!))}" : "false";
            case Predicate.Compare when ValueOf(condition) is { } value:
                return HasValue([value]);
            case Predicate.OneOf o when o.Values.All(v => v.Kind != ValueKind.Null):
                return AnyOf(o.Values.Select(v => (Predicate)new Predicate.Compare(o.Field, Domain.Queries.Comparison.Equal, v)));
            case Predicate.Any any:
                return AnyOf(any.Operands);
            default:
                return null;
        }
    }

    private string? AnyOf(IEnumerable<Predicate> conditions)
    {
        var (values, others) = (new List<long>(), new List<string>());
        foreach (var condition in conditions)
        {
            if (ValueOf(condition) is { } value)
                values.Add(value);
            else if (Equality(condition) is { } sql)
                others.Add(sql);
            else
                return null;
        }
        return $"({string.Join(" or ", others.Append(HasValue([.. values])))})";
    }

    private string HasValue(long[] values) =>
        $"exists (select from {tables.PlaceTable} q where q.value = any({Parameter(values)}) and q.generated = e.generated and q.event = e.id)";

    /// <summary>The events whose value of a trait meets a comparison, and perhaps more; false where none can.</summary>
    private string Comparison(Predicate.Compare comparison)
    {
        if (EventConditions.TraitNumber(comparison.Field, tables.NumberOf) is not { Number: { } number } trait || comparison.Value.Kind != EventConditions.KindOf(trait.Type))
            return "false";
        var compared = comparison.Operator switch
        {
            Domain.Queries.Comparison.Equal => "=",
            Domain.Queries.Comparison.NotEqual => "<>",
            Domain.Queries.Comparison.Less => "<",
            Domain.Queries.Comparison.LessOrEqual => "<=",
            Domain.Queries.Comparison.Greater => ">",
            _ => ">=",
        } + Parameter(EventKeys.Of(comparison.Value));
        if (trait.Type == TraitType.Float) // NaN comes before all numbers to the filter and after them here
            compared = double.IsNaN(comparison.Value.Number) ? $"{compared} is not null" : $"{compared} or v.key = {Parameter(EventKeys.Of(QueryValue.Of(double.NaN)))}";
        return $"e.id in (select q.event from {tables.ValueTable} v join {tables.PlaceTable} q on q.value = v.id where v.trait = {Parameter(number)} and (v.key {compared}))";
    }

    private string Parameter(object value)
    {
        _parameters.Add(value);
        return $"${_parameters.Count}";
    }
}
