using System.Numerics;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Api.V2.Queries;

/// <summary>What statistics are asked for, beside the samples that they are made of.</summary>
/// <param name="Period">Seconds; 0: one row over everything. May be larger than any calendar.</param>
/// <param name="GroupBy">Each field with the name that the caller gave it, which the answer repeats.</param>
/// <param name="Aggregates">Empty: the five standard ones, outside of <c>aggregate</c>.</param>
internal sealed record StatisticsArguments(
    BigInteger Period, IReadOnlyList<KeyValuePair<string, Field>> GroupBy, IReadOnlyList<Aggregate> Aggregates)
{
    /// <summary>The most fields to group by, and the most aggregates.</summary>
    public const int MaxItems = 50;

    private static readonly Dictionary<string, Field> GroupFields = new[] { Field.UserId, Field.ProjectId, Field.ResourceId, Field.Source }.ToDictionary(f => f.Name);

    /// <summary>The period as the readers take it: null without one, and what no calendar holds as something that they refuse.</summary>
    public long? PeriodSeconds => Period.IsZero ? null : Period > long.MaxValue ? long.MaxValue : (long)Period;

    /// <exception cref="ApiException">400: the period is negative.</exception>
    public static BigInteger ParsePeriod(Arguments arguments) => (arguments.Integer(Argument.Period) ?? 0) is var period && period >= 0
        ? period
        : throw ApiException.BadRequest("Period must be positive.");

    /// <summary>Fields without repeats: those of <see cref="GroupFields"/>, and any metadata key.</summary>
    /// <exception cref="ApiException">400: names that cannot be grouped by, in Python's set form.</exception>
    public static IReadOnlyList<KeyValuePair<string, Field>> ParseGroupBy(IReadOnlyList<string> names)
    {
        var wrong = names.Where(n => Find(n) is null).Distinct().ToList();
        if (wrong.Count > 0)
            throw ApiException.UnknownArgument($"{{{string.Join(", ", wrong.Select(PythonText.Quote))}}}", "Invalid groupby fields");
        DemandCount("groupby", names.Count);
        return [.. names.Distinct().Select(n => KeyValuePair.Create(n, Find(n)!.Value))];
    }

    /// <summary>Aggregates without repeats, in the order asked for.</summary>
    /// <exception cref="ApiException">400: there is no such function, or it does not take the param.</exception>
    public static IReadOnlyList<Aggregate> ParseAggregates(IReadOnlyList<string?[]> groups)
    {
        DemandCount("aggregate", groups.Count);
        return [.. groups.Select(g => ParseAggregate(g[0], g[1] is { Length: > 0 } param ? param : null)).DistinctBy(a => a.Key)];
    }

    private static Aggregate ParseAggregate(string? function, string? param)
    {
        if (function is null)
            throw ApiException.MandatoryFieldMissing("func");
        if (function == "cardinality")
        {
            return param is "resource_id" or "user_id" or "project_id"
                ? new(AggregateFunction.Cardinality, function, GroupFields[param])
                : throw ApiException.BadRequest($"Bad aggregate: cardinality.{param ?? "None"}");
        }
        if (Aggregate.Parse(function) is not { } aggregate)
            throw ApiException.BadRequest($"Invalid aggregation function: {function}");
        return param is null ? aggregate : throw ApiException.BadRequest($"Bad aggregate: {function}.{param}");
    }

    private static Field? Find(string name)
    {
        if (QueryFields.Metadata(name) is { Path.Length: > 0 } metadata)
            return metadata;
        return GroupFields.TryGetValue(name, out var field) ? field : null;
    }

    private static void DemandCount(string argument, int count)
    {
        if (count > MaxItems)
            throw ApiException.InvalidInput(argument, $"{count} items", $"There are at most {MaxItems} of them.");
    }
}
