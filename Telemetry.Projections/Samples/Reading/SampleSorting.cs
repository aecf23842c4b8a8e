using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>A sample on its way to the answer.</summary>
/// <param name="Incomplete">Set where id, signature and time of storing are still to be asked for.</param>
internal readonly record struct SortedSample(Sample Sample, long Origin, QueryRun? Incomplete = null);

/// <summary>The first samples of an order, out of any number.</summary>
internal static class SampleSorting
{
    /// <summary>The first <see cref="SampleQuery.Limit"/> samples in the query's order.</summary>
    public static async ValueTask<SortedSample[]> SortAsync(IAsyncEnumerable<SortedSample> samples, SampleQuery query)
    {
        var order = new SampleOrder(query.OrderBy);
        var best = new PriorityQueue<SortedSample, SortedSample>(Comparer<SortedSample>.Create((a, b) => order.Compare(b, a))); // the worst on top
        await foreach (var sample in samples)
        {
            if (best.Count < query.Limit)
                best.Enqueue(sample, sample);
            else if (order.Compare(sample, best.Peek()) < 0)
                best.EnqueueDequeue(sample, sample);
        }
        var sorted = best.UnorderedItems.Select(x => x.Element).ToArray();
        Array.Sort(sorted, order);
        return sorted;
    }

    /// <summary>Asks for what is missing, some events at a time.</summary>
    public static async ValueTask<Sample[]> CompleteAsync(SortedSample[] samples)
    {
        var complete = new Sample[samples.Length];
        foreach (var events in Enumerable.Range(0, samples.Length).GroupBy(i => Origin.PositionOf(samples[i].Origin)).OrderBy(e => e.Key).Chunk(QueryRun.MaxEventsAtOnce))
        {
            foreach (var run in events.SelectMany(e => e).Select(i => samples[i].Incomplete).OfType<QueryRun>().Distinct())
                await run.PrepareAsync([.. events.Where(e => e.Any(i => samples[i].Incomplete == run)).Select(e => e.Key)]);
            foreach (var i in events.SelectMany(e => e))
            {
                var (sample, origin, run) = samples[i];
                complete[i] = run is null ? sample : await run.CompleteAsync(sample, origin);
            }
        }
        return complete;
    }
}

/// <summary>By the keys, then the newest timestamp, then the order of insertion. Missing values come first.</summary>
internal sealed class SampleOrder(IReadOnlyList<SortKey> keys) : IComparer<SortedSample>
{
    public int Compare(SortedSample x, SortedSample y)
    {
        foreach (var key in keys)
        {
            var order = Compare(new SampleRow(x.Sample)[key.Field], new SampleRow(y.Sample)[key.Field]);
            if (order != 0)
                return key.Descending ? -order : order;
        }
        return x.Sample.Timestamp != y.Sample.Timestamp ? y.Sample.Timestamp.CompareTo(x.Sample.Timestamp) : x.Origin.CompareTo(y.Origin);
    }

    private static int Compare(QueryValue x, QueryValue y) => (x.Kind, y.Kind) switch
    {
        (ValueKind.Null, ValueKind.Null) => 0,
        (ValueKind.Null, _) => -1,
        (_, ValueKind.Null) => 1,
        (ValueKind.Text, ValueKind.Text) => string.CompareOrdinal(x.Text, y.Text),
        (ValueKind.Text, _) => 1, // metadata only: numbers before text
        (_, ValueKind.Text) => -1,
        (ValueKind.Float, _) or (_, ValueKind.Float) => x.Number.CompareTo(y.Number),
        _ => x.Integer.CompareTo(y.Integer),
    };
}
