using System.Text.RegularExpressions;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Projections.Tests.Samples;

/// <summary>Any question that a reader may be asked.</summary>
internal sealed class RandomQueries(RandomSamples samples)
{
    private static readonly Comparison[] Comparisons = Enum.GetValues<Comparison>();

    private static readonly Field[] SortFields =
    [
        Field.Meter, Field.ResourceId, Field.ProjectId, Field.Volume, Field.Timestamp, Field.RecordedAt, Field.MessageId,
        Field.MessageSignature, Field.Unit, Field.Metadata("status"),
    ];

    private static readonly Field[] GroupFields =
    [
        Field.ResourceId, Field.ProjectId, Field.UserId, Field.Source, Field.Meter, Field.Metadata("status"), Field.Metadata("flavor.name"), Field.Volume,
    ];

    private static readonly string[] Functions = ["max", "min", "sum", "avg", "count", "stddev", "first", "last", "rate", "median", "p90", "p0"];

    public SampleQuery Samples() => new(
        Filter(), samples.Next(2) == 0 ? [] : [.. Enumerable.Range(0, samples.Next(3)).Select(_ => new SortKey(samples.Of(SortFields), samples.Next(2) == 0))],
        samples.Next(4) == 0 ? int.MaxValue : 1 + samples.Next(300));

    public ListQuery List() => new(Filter(), samples.Next(2) == 0 ? int.MaxValue : 1 + samples.Next(10));

    public StatisticsQuery Statistics()
    {
        // Mostly what rollups can answer, else what they cannot.
        var simple = samples.Next(3) > 0;
        var filter = simple ? Predicate.Equal(Field.Meter, samples.Of(RandomSamples.Meters)) : Filter();
        long? period = samples.Next(4) switch
        {
            0 => null,
            1 => 3_600 * (1 + samples.Next(30)),
            2 => 86_400 * (1 + samples.Next(3)),
            _ => 600 + samples.Next(100_000),
        };
        long? start = samples.Next(2) == 0 ? null : samples.Next(3) > 0 ? RandomSamples.Start - samples.Next(3) * UnixMicroseconds.PerDay : Instant();
        return new(
            filter, Range(), period, start,
            [.. Enumerable.Range(0, samples.Next(3)).Select(_ => samples.Of(GroupFields[..(simple ? 5 : 8)])).Distinct()],
            [.. Enumerable.Range(0, samples.Next(4)).Select(_ => AnyAggregate(simple))]);
    }

    public Predicate Filter(int depth = 2) => samples.Next(depth > 0 ? 9 : 5) switch
    {
        0 => Predicate.True,
        1 => Predicate.Equal(Field.Meter, samples.Of(RandomSamples.Meters)),
        2 => Predicate.Equal(Field.ResourceId, samples.Of(RandomSamples.Resources)),
        3 or 4 => Leaf(),
        5 => new Predicate.Not(Filter(depth - 1)),
        6 => new Predicate.Any([Filter(depth - 1), Filter(depth - 1)]),
        _ => new Predicate.All([Filter(depth - 1), Filter(depth - 1)]),
    };

    private Predicate Leaf() => samples.Next(11) switch
    {
        0 => new Predicate.Compare(Field.Timestamp, samples.Of(Comparisons), QueryValue.Instant(Instant())),
        1 => new Predicate.Compare(Field.Volume, samples.Of(Comparisons), QueryValue.Of(samples.Next(50) * 0.5)),
        2 => new Predicate.Compare(Field.ProjectId, samples.Of(Comparisons), QueryValue.Of(samples.Of(RandomSamples.Projects))),
        3 => new Predicate.Compare(Field.Metadata("status"), samples.Of(Comparisons), QueryValue.Of("active")),
        4 => new Predicate.Compare(Field.Metadata("flavor.vcpus"), samples.Of(Comparisons), QueryValue.Of(2L)),
        5 => new Predicate.OneOf(Field.ResourceId, [QueryValue.Of("r1"), QueryValue.Of("r4"), QueryValue.Of("nobody")]),
        6 => new Predicate.Matches(Field.ResourceId, new Regex("[135]$", RegexOptions.NonBacktracking)),
        7 => new Predicate.Compare(Field.RecordedAt, samples.Of(Comparisons), QueryValue.Instant(Instant())),
        8 when samples.ForeignIds.Count > 0 => Predicate.Equal(Field.MessageId, samples.Of(samples.ForeignIds)),
        9 => new Predicate.Compare(Field.MessageSignature, samples.Of(Comparisons), samples.Next(2) == 0 ? QueryValue.Null : QueryValue.Of("8")),
        _ => new Predicate.Compare(Field.UserId, samples.Of(Comparisons), QueryValue.Of(samples.Of(RandomSamples.Users))),
    };

    private Aggregate AnyAggregate(bool simple) => samples.Next(3) == 0
        ? new(AggregateFunction.Cardinality, "cardinality", simple ? samples.Of([Field.ResourceId, Field.ProjectId]) : samples.Of([Field.UserId, Field.Metadata("status")]))
        : Aggregate.Parse(samples.Of(Functions[..(simple && samples.Next(2) == 0 ? 6 : 12)]))!;

    private TimeRange Range() => samples.Next(3) switch
    {
        0 => TimeRange.Always,
        1 => new(Instant(), null),
        _ => new(samples.Next(2) == 0 ? null : Instant(), Instant()),
    };

    private long Instant() => RandomSamples.Start + samples.Next(3) switch
    {
        0 => (samples.Next(80) - 20) * UnixMicroseconds.PerHour,
        1 => (samples.Next(300_000) - 50_000) * UnixMicroseconds.PerSecond,
        _ => samples.Next(200) * UnixMicroseconds.PerHour / 60 + samples.Next(1_000_000),
    };
}
