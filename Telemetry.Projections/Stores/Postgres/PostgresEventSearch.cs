using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Samples.Reading;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>One search for telemetry events: PostgreSQL gives pages of candidates in order, and each is held against the whole filter.</summary>
/// <remarks>
/// The conditions on the project give the scopes in which values are looked for. Of the sets of values that an event must have one of, the rarest gives
/// the places to go along; the others are looked up beside. Comparisons that many values meet, which nearly all events or very few do, come in where
/// a page of candidates was not enough.
/// </remarks>
internal sealed class PostgresEventSearch(PostgresEventTables tables, TelemetryEventQuery query, long upTo, QueryBudget budget)
{
    /// <summary>Candidates that are read at a time, at most.</summary>
    private const int PageSize = 500;

    /// <summary>Up to how many places of values are counted to find the rarest, and places of comparisons are read.</summary>
    private const int Counted = 10_000;

    /// <summary>How many values a comparison may have to be taken for an equality with any of them.</summary>
    private const int FewValues = 32;

    private readonly List<TelemetryEventRow> _found = [];
    private readonly List<object> _parameters = [];
    private IReadOnlyList<long>? _scopes;

    public List<TelemetryEventRow> Run()
    {
        var projects = EventConditions.Projects(query.Filter);
        _scopes = projects?.Select(Scope).OfType<long>().ToList();
        if (_scopes is [])
            return [];
        var (sets, conditions, many) = (new List<long[]>(), new List<string>(), new List<Predicate.Compare>());
        foreach (var condition in EventConditions.Conjunction(query.Filter, projects))
        {
            if (condition is Predicate.Constant { Value: not true })
                return [];
            if (ValuesOf(condition) is { } values)
                sets.Add(values);
            else if (Equality(condition) is { } sql)
                conditions.Add(sql);
            else if (condition is Predicate.Compare comparison && EventConditions.CanFollow(comparison))
                many.Add(comparison);
        }
        many.RemoveAll(c => FewValuesOf(c) is { } few && Add(sets, few));
        if (sets.Exists(s => s.Length == 0))
            return []; // no event has it
        if (sets.Count == 0 && _scopes is { } scopes)
            sets.Add([.. scopes]);
        var rarest = Rarest(sets);
        conditions.AddRange(sets.Where(s => s != rarest).Select(HasValue));
        var start = query.After;
        if (Page(rarest, conditions, Math.Min(query.Limit, PageSize), ref start))
            return _found;
        conditions.AddRange(many.Select(c => Events(c) is { } events ? $"p.event = any({Parameter(events)})" : Comparison(c)).OfType<string>());
        while (!Page(rarest, conditions, PageSize, ref start))
            budget.Check();
        return _found;
    }

    private static bool Add(List<long[]> sets, long[] values)
    {
        sets.Add(values);
        return true;
    }

    /// <summary>Takes a page of candidates.</summary>
    /// <param name="values">Of which each has one; null where there is nothing to go along.</param>
    /// <param name="after">Becomes the last of them.</param>
    /// <returns>Whether there are enough, or no more.</returns>
    private bool Page(long[]? values, List<string> conditions, int size, ref TelemetryEventPlace? after)
    {
        var (beyond, order) = query.Descending ? ("<", "desc") : (">", "asc");
        var before = _parameters.Count;
        List<string> where = [.. conditions, $"p.event <= {Parameter(upTo)}"];
        if (after is { } place)
            where.Add($"(p.generated, p.event) {beyond} ({Parameter(place.GeneratedAt)}, {Parameter(place.Number)})");
        var range = query.Filter.Bounds(TelemetryEventFields.GeneratedAt);
        if (range.From is { } from)
            where.Add($"p.generated >= {Parameter(from)}");
        if (range.To is { } to)
            where.Add($"p.generated < {Parameter(to)}");
        // An ordered page of each value: the index has them in order for one value only.
        var pages = (values?.Select(v => $"{tables.PlaceTable} p where p.value = {Parameter(v)}") ?? [$"(select generated, id as event from {tables.EventTable}) p where true"])
            .Select(source => $"(select p.generated, p.event from {source} and {string.Join(" and ", where)} order by p.generated {order}, p.event {order} limit {size})");
        var candidates = tables.Rows(
            $"""
            select e.id, e.message_id, e.type, e.generated, e.position, e.traits, e.raw from {tables.EventTable} e
            join (select * from ({string.Join(" union all ", pages)}) as a order by generated {order}, event {order} limit {size}) p on p.event = e.id
            order by p.generated {order}, p.event {order}
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
        return candidates.Count < size;
    }

    /// <summary>Of some sets of values the one whose values fewest events have; null for none.</summary>
    private long[]? Rarest(List<long[]> sets) => sets.Count < 2 ? sets.FirstOrDefault() : tables.Rows(
        $"""
        select n, sum((select count(*) from (select from {tables.PlaceTable} where value = v limit {Counted}) as p)) from unnest($1, $2) as s (n, v) group by n order by 2 limit 1
        """,
        r => sets[r.GetInt32(0)], sets.SelectMany((s, n) => s.Select(_ => n)).ToArray(), sets.SelectMany(s => s).ToArray()).Single();

    /// <summary>Where a trait's values are; null where they may be anywhere.</summary>
    private IReadOnlyList<long>? ScopesOf(int? trait) => _scopes ?? (trait == EventBytes.TypeTrait ? [0] : null);

    /// <summary>The scope of a project; null where no event is of it.</summary>
    private long? Scope(QueryValue project) => project.Kind == ValueKind.Null ? Number(EventBytes.NoProjectTrait, [0], QueryValue.Of(0)).Select(n => (long?)n).SingleOrDefault()
        : tables.NumberOf(EventBytes.ProjectTrait) is { } trait && project.Kind == ValueKind.Text ? Number(trait, [0], project).Select(n => (long?)n).SingleOrDefault()
        : null;

    private long[] Number(int trait, IReadOnlyList<long> scopes, QueryValue value) =>
        [.. tables.Rows($"select id from {tables.ValueTable} where trait = $1 and scope = any($2) and key = $3", r => r.GetInt64(0), trait, scopes.ToArray(), EventKeys.Of(value))];

    /// <summary>The numbers of the values that a condition asks for, of which an event has one at most; null where it asks for something else.</summary>
    private long[]? ValuesOf(Predicate condition)
    {
        if (condition is not Predicate.Compare { Operator: Domain.Queries.Comparison.Equal } c)
            return null;
        if (c.Field == EventConditions.ProjectId)
            return Scope(c.Value) is { } scope ? [scope] : [];
        if (c.Value.Kind == ValueKind.Null || EventConditions.TraitNumber(c.Field, tables.NumberOf) is not var (number, type) || ScopesOf(number) is not { } scopes)
            return null;
        return number is { } trait && c.Value.Kind == EventConditions.KindOf(type) ? Number(trait, scopes, c.Value) : [];
    }

    /// <summary>The values that meet a comparison, if they are few.</summary>
    private long[]? FewValuesOf(Predicate.Compare comparison)
    {
        var before = _parameters.Count;
        var found = Values(comparison) is { } values
            ? tables.Rows($"select v.id from {tables.ValueTable} v where {values} limit {FewValues + 1}", r => r.GetInt64(0), [.. _parameters]).ToArray()
            : null;
        _parameters.RemoveRange(before, _parameters.Count - before);
        return found is { Length: <= FewValues } ? found : null;
    }

    /// <summary>A condition, on <c>p</c>, that says which values there may be; null where it says something else.</summary>
    private string? Equality(Predicate condition)
    {
        switch (condition)
        {
            case Predicate.Compare { Operator: Domain.Queries.Comparison.Equal } c when c.Field == TelemetryEventFields.MessageId && c.Value.Kind != ValueKind.Null:
                return c.Value.Kind == ValueKind.Text ? $"p.event in (select id from {tables.EventTable} where message_id = {Parameter(EventKeys.Of(c.Value.Text!))})" : "false";
            case Predicate.Compare when ValuesOf(condition) is { } values:
                return HasValue(values);
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
            if (ValuesOf(condition) is { } some)
                values.AddRange(some);
            else if (Equality(condition) is { } sql)
                others.Add(sql);
            else
                return null;
        }
        return $"({string.Join(" or ", others.Append(HasValue([.. values])))})";
    }

    // One value by itself: PostgreSQL can go along two ordered indexes at once.
    private string HasValue(long[] values) =>
        $"exists (select from {tables.PlaceTable} q where q.value = {(values is [var one] ? Parameter(one) : $"any({Parameter(values)})")} and q.generated = p.generated and q.event = p.event)";

    /// <summary>The numbers of the events that <see cref="Comparison"/> means, unless they are very many: told them, PostgreSQL need not guess how many they are.</summary>
    private long[]? Events(Predicate.Compare comparison)
    {
        var before = _parameters.Count;
        var found = Values(comparison) is { } values
            ? tables.Rows($"select q.event from {tables.ValueTable} v join {tables.PlaceTable} q on q.value = v.id where {values} limit {Counted + 1}", r => r.GetInt64(0), [.. _parameters]).ToArray()
            : null;
        _parameters.RemoveRange(before, _parameters.Count - before);
        return found is { Length: <= Counted } ? found : null;
    }

    /// <summary>The events whose value of a trait meets a comparison, and perhaps more; null where it may be any.</summary>
    private string? Comparison(Predicate.Compare comparison) => Values(comparison) is { } values
        ? $"p.event in (select q.event from {tables.ValueTable} v join {tables.PlaceTable} q on q.value = v.id where {values})"
        : null;

    /// <summary>The condition, on <c>event_value v</c>, that selects all values that meet a comparison (and perhaps more); null where they may be anywhere.</summary>
    private string? Values(Predicate.Compare comparison)
    {
        if (EventConditions.TraitNumber(comparison.Field, tables.NumberOf) is not var (number, type) || ScopesOf(number) is not { } scopes)
            return null;
        if (number is not { } trait || comparison.Value.Kind != EventConditions.KindOf(type))
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
        if (type == TraitType.Float) // NaN comes before all numbers to the filter and after them here
            compared = double.IsNaN(comparison.Value.Number) ? $"{compared} is not null" : $"{compared} or v.key = {Parameter(EventKeys.Of(QueryValue.Of(double.NaN)))}";
        return $"v.trait = {Parameter(trait)} and v.scope = any({Parameter(scopes.ToArray())}) and (v.key {compared})";
    }

    private string Parameter(object value)
    {
        _parameters.Add(value);
        return $"${_parameters.Count}";
    }
}
