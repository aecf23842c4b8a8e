using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Audit;

/// <summary>How many series a walk compares with the read models.</summary>
public enum ReadModelScope
{
    None,

    /// <summary>A hundred, chosen at random.</summary>
    Spot,

    /// <summary>All of them.</summary>
    Full,
}

/// <summary>Adds up what the log says of a series, and compares it with what the read models answer: from rollups, and from the samples themselves.</summary>
/// <param name="progress">Waits for read models that are behind the log; null where nothing else writes.</param>
public sealed class ReadModelCheck(IMeteringReader reader, ReadModelScope scope, IProjectionProgress? progress = null)
{
    internal const int SpotSeries = 100;
    private const int Tries = 5; // while samples come in
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly IReadOnlyList<Aggregate> Edges = [Aggregate.Parse("first")!, Aggregate.Parse("last")!, Aggregate.Parse("p0")!];

    private readonly Dictionary<SeriesKey, Tally> _tallies = [];
    private readonly PriorityQueue<SeriesKey, int> _chosen = new(Comparer<int>.Create(static (a, b) => b.CompareTo(a))); // of the spot, the greatest hash on top
    private long _position;

    /// <summary>How many series were compared.</summary>
    public int Compared { get; private set; }

    internal void Add(RecordedEvent recorded)
    {
        _position = recorded.Position;
        if (scope == ReadModelScope.None || recorded.Body is not EventBody.Samples { Batch: var batch })
            return;
        for (var i = 0; i < batch.Count; i++)
        {
            if (TallyOf(batch.Series[i]) is { } tally)
                tally.Add(batch.Timestamps[i], batch.Volumes[i]);
        }
    }

    /// <summary>Compares; what is appended meanwhile is read, too.</summary>
    /// <returns>The series that differ, and how.</returns>
    internal async IAsyncEnumerable<string> CompareAsync(IEventStore log, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var key in _tallies.Keys.ToList())
        {
            ct.ThrowIfCancellationRequested();
            string? difference = null;
            for (var tried = 0; tried == 0 || (tried < Tries && difference is not null && await CatchUpAsync(log, ct)); tried++)
                difference = await DifferenceAsync(key, _tallies[key], ct);
            Compared++;
            if (difference is not null)
                yield return $"{key}: {difference}";
        }
    }

    /// <summary>The tally of a series; null where it is not one of the chosen.</summary>
    private Tally? TallyOf(SeriesKey key)
    {
        // Those with the least hashes are taken, so that all samples of whichever remains were seen. Hashes differ from process to process.
        var hash = key.GetHashCode();
        var isFull = scope == ReadModelScope.Spot && _tallies.Count >= SpotSeries;
        if (isFull && _chosen.TryPeek(out _, out var greatest) && hash > greatest)
            return null;
        if (_tallies.TryGetValue(key, out var tally))
            return tally;
        if (isFull)
            _tallies.Remove(_chosen.Dequeue());
        if (scope == ReadModelScope.Spot)
            _chosen.Enqueue(key, hash);
        return _tallies[key] = new();
    }

    /// <summary>False where there was nothing new.</summary>
    private async Task<bool> CatchUpAsync(IEventStore log, CancellationToken ct)
    {
        var before = _position;
        await foreach (var recorded in log.ReadAllAsync(_position, ct))
            Add(recorded);
        return (progress is not null && await progress.WaitForAsync(_position, Patience, ct)) || _position > before;
    }

    private async Task<string?> DifferenceAsync(SeriesKey key, Tally tally, CancellationToken ct)
    {
        Predicate filter = new Predicate.All(
        [
            Predicate.Equal(Field.Meter, key.Meter), Predicate.Equal(Field.ResourceId, key.ResourceId), Predicate.Equal(Field.ProjectId, key.ProjectId),
            Predicate.Equal(Field.UserId, key.UserId), Predicate.Equal(Field.Source, key.Source), Predicate.Equal(Field.Type, key.Type.Name()), Predicate.Equal(Field.Unit, key.Unit),
        ]);
        foreach (var (what, aggregates) in new (string, IReadOnlyList<Aggregate>)[] { ("rollups", []), ("samples", Edges) })
        {
            var rows = await reader.StatisticsAsync(new(filter, TimeRange.Always, null, null, [], aggregates), ct);
            if (rows is not [var row])
                return $"the log has {tally.Total.Count} samples, the {what} of the read model none.";
            var (a, b) = (tally.Total, row.Total);
            if ((a.Count, a.Min, a.Max, a.FirstAt, a.LastAt) != (b.Count, b.Min, b.Max, b.FirstAt, b.LastAt))
                return $"the log has {Text(a)}, the {what} of the read model have {Text(b)}.";
            if (Math.Abs(a.Sum - b.Sum) > 1e-9 * tally.Magnitude) // sums in another order are rounded otherwise
                return $"the log has a sum of {a.Sum:R}, the {what} of the read model have {b.Sum:R}.";
            if (aggregates.Count > 0 && (row.Values[0] != tally.First || row.Values[1] != tally.Last))
                return $"the log goes from {tally.First:R} to {tally.Last:R}, the {what} of the read model from {row.Values[0]:R} to {row.Values[1]:R}.";
        }
        return null;
    }

    private static string Text(in Accumulator a) =>
        $"{a.Count} samples from {a.Min:R} to {a.Max:R}, {UnixMicroseconds.Format(a.FirstAt)} to {UnixMicroseconds.Format(a.LastAt)}";

    private sealed class Tally
    {
        private Accumulator _total;

        public Accumulator Total => _total;
        public double First { get; private set; }
        public double Last { get; private set; }

        /// <summary>The sum of the volumes without their signs: what a sum's rounding is relative to.</summary>
        public double Magnitude { get; private set; }

        public void Add(long at, double volume)
        {
            if (_total.Count == 0 || at < _total.FirstAt)
                First = volume;
            if (_total.Count == 0 || at >= _total.LastAt)
                Last = volume;
            Magnitude += Math.Abs(volume);
            _total.Add(at, volume);
        }
    }
}
