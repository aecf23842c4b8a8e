using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Projections.Tests.Samples;

/// <summary>Compares two readers: everything is equal, sums and spreads but for the rounding of another order of adding.</summary>
internal static class Answers
{
    public static async Task CompareAsync(ReadModel model, RandomSamples samples, int queries)
    {
        var random = new RandomQueries(samples);
        for (var i = 0; i < queries; i++)
        {
            await CompareSamplesAsync(model, random.Samples());
            await CompareMetersAsync(model, random.List());
            await CompareResourcesAsync(model, random.List());
            await CompareStatisticsAsync(model, random.Statistics());
            await CompareOneAsync(model, samples, random.Filter());
        }
    }

    public static Task CompareSamplesAsync(ReadModel model, SampleQuery query) => CompareSamplesAsync(model.Truth, model.Reader, query);

    public static async Task CompareSamplesAsync(IMeteringReader truth, IMeteringReader reader, SampleQuery query) =>
        Assert.Equal(await truth.SamplesAsync(query), await reader.SamplesAsync(query));

    public static async Task CompareMetersAsync(ReadModel model, ListQuery query)
    {
        Assert.Equal(await model.Truth.MetersAsync(query), await model.Reader.MetersAsync(query));
        Assert.Equal(await model.Truth.MeterDefinitionsAsync(query), await model.Reader.MeterDefinitionsAsync(query));
    }

    public static async Task CompareResourcesAsync(ReadModel model, ListQuery query)
    {
        var expected = await model.Truth.ResourcesAsync(query);
        var actual = await model.Reader.ResourcesAsync(query);
        Assert.Equal(expected.Select(r => r with { Meters = [] }), actual.Select(r => r with { Meters = [] }));
        Assert.Equal(expected.Select(r => string.Join(' ', r.Meters)), actual.Select(r => string.Join(' ', r.Meters)));
    }

    public static Task CompareStatisticsAsync(ReadModel model, StatisticsQuery query) => CompareStatisticsAsync(model.Truth, model.Reader, query);

    public static async Task CompareStatisticsAsync(IMeteringReader truth, IMeteringReader reader, StatisticsQuery query)
    {
        IReadOnlyList<StatisticsRow> expected;
        try
        {
            expected = await truth.StatisticsAsync(query);
        }
        catch (ArgumentOutOfRangeException)
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await reader.StatisticsAsync(query));
            return;
        }
        var actual = await reader.StatisticsAsync(query);
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
            CompareRows(expected[i], actual[i], query);
    }

    private static void CompareRows(StatisticsRow expected, StatisticsRow actual, StatisticsQuery query)
    {
        Assert.Equal((expected.Unit, expected.PeriodStart, expected.PeriodEnd), (actual.Unit, actual.PeriodStart, actual.PeriodEnd));
        Assert.Equal(expected.Group, actual.Group);
        var (a, b) = (expected.Total, actual.Total);
        Assert.Equal((a.Count, a.Min, a.Max, a.FirstAt, a.LastAt), (b.Count, b.Min, b.Max, b.FirstAt, b.LastAt));
        var magnitude = Math.Max(Math.Abs(a.Min), Math.Abs(a.Max));
        Near(a.Sum, b.Sum, magnitude * a.Count);
        Near(a.M2, b.M2, magnitude * magnitude * a.Count);
        for (var i = 0; i < query.Aggregates.Count; i++)
        {
            Assert.Equal(expected.Values[i] is null, actual.Values[i] is null);
            switch (query.Aggregates[i].Function)
            {
                case AggregateFunction.Sum or AggregateFunction.Average:
                    Near(expected.Values[i]!.Value, actual.Values[i]!.Value, magnitude * a.Count);
                    break;
                case AggregateFunction.StandardDeviation:
                    Near(expected.Values[i]!.Value, actual.Values[i]!.Value, magnitude * 1e3);
                    break;
                case AggregateFunction.Rate when expected.Values[i] is { } rate:
                    Near(rate, actual.Values[i]!.Value, Math.Abs(rate));
                    break;
                default:
                    Assert.Equal(expected.Values[i], actual.Values[i]);
                    break;
            }
        }
    }

    private static async Task CompareOneAsync(ReadModel model, RandomSamples samples, Predicate filter)
    {
        var some = await model.Truth.SamplesAsync(new(Predicate.True, [], 50));
        foreach (var id in new[] { samples.Of(some).Id, samples.ForeignIds is [] ? "nothing" : samples.Of(samples.ForeignIds), Guid.NewGuid().ToString() })
        {
            Assert.Equal(await model.Truth.FindSampleAsync(id, Predicate.True), await model.Reader.FindSampleAsync(id, Predicate.True));
            Assert.Equal(await model.Truth.FindSampleAsync(id, filter), await model.Reader.FindSampleAsync(id, filter));
        }
    }

    private static void Near(double expected, double actual, double magnitude) =>
        Assert.True(Math.Abs(expected - actual) <= 1e-9 * magnitude, $"{actual:R} is not near {expected:R}, whose terms are up to {magnitude:R}.");
}
