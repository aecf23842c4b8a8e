using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Queries;

namespace Telemetry.Agents.Alarms;

/// <summary>What a threshold rule reads, split so that rules which differ only in their series can share one query.</summary>
/// <param name="Fields">The fields of a series that the rule asks to be equal to something, in order of name.</param>
/// <param name="Values">What they have to be equal to.</param>
/// <param name="Rest">All other conditions.</param>
/// <param name="RestKey">Tells equal ones apart.</param>
internal sealed record SeriesPlan(string Meter, IReadOnlyList<Field> Fields, IReadOnlyList<string> Values, Predicate Rest, string RestKey)
{
    /// <summary>Tells series of the same <see cref="Fields"/> apart.</summary>
    public string SeriesKey { get; } = string.Join('\0', Values);

    /// <summary>Equal where one query that groups by <see cref="Fields"/> answers for both.</summary>
    public (string, string, string) SharedKey { get; } = (Meter, RestKey, string.Join(',', Fields.Select(f => f.Name)));

    /// <summary>The filter of this one series.</summary>
    public Predicate Filter => new Predicate.All([Predicate.Equal(Field.Meter, Meter), Rest, .. Fields.Zip(Values, (f, v) => Predicate.Equal(f, v))]);

    /// <summary>The one resource that is read; null for any.</summary>
    public string? ResourceId => ValueOf(Field.ResourceId);

    /// <summary>The one project that is read; null for any.</summary>
    public string? ProjectId => ValueOf(Field.ProjectId);

    /// <param name="projectId">Added as a condition; null where the rule has its conditions itself.</param>
    public static SeriesPlan Of(ThresholdRule rule, string? projectId)
    {
        var items = rule.Query.ToList();
        if (projectId is not null && !items.Any(i => i.Field is "project" or "project_id"))
            items.Add(new("project_id", "eq", projectId));
        var own = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var rest = new List<QueryItem>();
        foreach (var item in items)
        {
            var isSeries = RuleConditions.Of(item) is Predicate.Compare { Value.Kind: ValueKind.Text, Field.IsMetadata: false } c
                && (c.Field == Field.ProjectId || c.Field == Field.ResourceId || c.Field == Field.UserId || c.Field == Field.Source)
                && own.TryAdd(c.Field.Name, item.Value);
            if (!isSeries)
                rest.Add(item);
        }
        return new(
            rule.MeterName, [.. own.Keys.Select(n => new Field(n))], [.. own.Values],
            rest is [] ? Predicate.True : new Predicate.All([.. rest.Select(RuleConditions.Of)]),
            string.Join('\0', rest.Select(i => $"{i.Field}\u0001{i.Value}\u0001{i.ValueType}").Order(StringComparer.Ordinal)));
    }

    private string? ValueOf(Field field)
    {
        for (var i = 0; i < Fields.Count; i++)
        {
            if (Fields[i] == field)
                return Values[i];
        }
        return null;
    }
}
