using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>The aggregates that a query selects beyond those that every bucket has: only they are worked out.</summary>
internal sealed class AggregateSet
{
    /// <summary>How many values every bucket has: min, max, sum, avg, stddev.</summary>
    public const int Standard = 5;

    /// <summary>Selected at once, at most.</summary>
    public const int MaxCount = 50;

    public static readonly Aggregate Rate = new(AggregateFunction.Rate, "rate");
    public static readonly Aggregate First = new(AggregateFunction.First, "first");
    public static readonly Aggregate Last = new(AggregateFunction.Last, "last");
    public static readonly AggregateSet None = new([]);

    private AggregateSet(IReadOnlyList<Aggregate> list) => List = list;

    public IReadOnlyList<Aggregate> List { get; }

    public static Aggregate Quantile(double q) => q is >= 0 and <= 1
        ? new(AggregateFunction.Percentile, "quantile", Percentile: q * 100)
        : throw Refused.BadInput($"\"q\" is 0 to 1, not {q}.");

    public static Aggregate Distinct(Dimension of) => new(AggregateFunction.Cardinality, "distinct", FieldOf(of));

    public static Field FieldOf(Dimension dimension) => dimension switch
    {
        Dimension.Meter => Field.Meter,
        Dimension.Resource => Field.ResourceId,
        Dimension.Project => Field.ProjectId,
        Dimension.User => Field.UserId,
        _ => Field.Source,
    };

    /// <summary>Where a bucket keeps an aggregate that was selected.</summary>
    public int IndexOf(Aggregate aggregate)
    {
        for (var i = 0; i < List.Count; i++)
        {
            if (List[i] == aggregate)
                return Standard + i;
        }
        throw new InvalidOperationException($"{aggregate.Name} was not selected.");
    }

    /// <summary>Those below a field that gives buckets, or an object that holds them.</summary>
    public static AggregateSet Of(IResolverContext context)
    {
        var bucketType = (ObjectType)context.Schema.FindType(nameof(StatisticsBucket))!;
        var buckets = context.Selection.Field.Type.Named == bucketType
            ? context.GetSelections(bucketType)
            : [.. context.GetSelections((ObjectType)context.Selection.Field.Type.Named).Where(s => s.Field.Type.Named == bucketType)
                .SelectMany(s => context.GetSelections(bucketType, s))];
        var selected = new HashSet<Aggregate>();
        foreach (var selection in buckets)
        {
            var aggregate = selection.Field.Name switch
            {
                "rate" => Rate,
                "first" => First,
                "last" => Last,
                "quantile" => Quantile((double)context.GetArguments(selection)["q"]!),
                "distinct" => Distinct((Dimension)context.GetArguments(selection)["of"]!),
                _ => null,
            };
            if (aggregate is not null)
                selected.Add(aggregate);
        }
        return selected.Count <= MaxCount ? new([.. selected]) : throw Refused.BadInput($"At most {MaxCount} quantiles and counts can be selected, not {selected.Count}.");
    }
}
