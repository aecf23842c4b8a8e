using Telemetry.Domain.Statistics;

namespace Telemetry.Domain.Tests.Statistics;

public sealed class AccumulatorTests
{
    [Fact]
    public void Adding_one_by_one_and_merging_parts_give_what_the_definition_gives()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            // Large counters with small steps: a sum of squares would cancel here.
            var offset = Math.Pow(10, random.Next(0, 13));
            var volumes = Enumerable.Range(0, random.Next(1, 60)).Select(i => offset + i * random.NextDouble()).ToList();
            var (whole, parts) = (new Accumulator(), new Accumulator());
            foreach (var part in volumes.Select((v, i) => (v, i)).Chunk(random.Next(1, 10)))
            {
                var accumulator = new Accumulator();
                foreach (var (v, i) in part)
                {
                    accumulator.Add(i, v);
                    whole.Add(i, v);
                }
                parts.Merge(accumulator);
            }

            var mean = volumes.Average();
            var deviation = Math.Sqrt(volumes.Sum(v => (v - mean) * (v - mean)) / volumes.Count);
            foreach (var actual in new[] { whole, parts })
            {
                Assert.Equal(volumes.Count, actual.Count);
                Assert.Equal(volumes.Min(), actual.Min);
                Assert.Equal(volumes.Max(), actual.Max);
                Assert.Equal(mean, actual.Average, 1e-9 * offset);
                Assert.Equal(deviation, actual.StandardDeviation, 1e-6 + 1e-12 * offset);
                Assert.Equal((0, volumes.Count - 1), (actual.FirstAt, actual.LastAt));
            }
        }
    }

    [Fact]
    public void Merging_nothing_changes_nothing()
    {
        var some = new Accumulator();
        some.Add(5, 1.5);
        var before = some;

        some.Merge(new Accumulator());

        Assert.Equal(before, some);
    }

    [Theory]
    [InlineData("max", AggregateFunction.Max)]
    [InlineData("median", AggregateFunction.Percentile)]
    [InlineData("p99.9", AggregateFunction.Percentile)]
    [InlineData("rate", AggregateFunction.Rate)]
    public void A_function_is_read_by_its_name(string name, AggregateFunction function) => Assert.Equal(function, Aggregate.Parse(name)!.Function);

    [Theory]
    [InlineData("")]
    [InlineData("p")]
    [InlineData("p101")]
    [InlineData("p-1")]
    [InlineData("p1e1")]
    [InlineData("Max")]
    [InlineData("cardinality")]
    public void Anything_else_is_no_function(string name) => Assert.Null(Aggregate.Parse(name));

    [Fact]
    public void Buckets_start_at_the_start_and_exclude_their_end()
    {
        var grid = new PeriodGrid(start: 5_000_000, periodSeconds: 10);

        Assert.Equal([-1L, 0, 0, 1], new[] { 4_999_999L, 5_000_000, 14_999_999, 15_000_000 }.Select(grid.IndexOf));
        Assert.Equal(15_000_000, grid.StartOf(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PeriodGrid(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PeriodGrid(0, 300_000_000_000));
    }
}
