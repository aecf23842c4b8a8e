using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Audit;

/// <summary>How many series and alarms a walk compares with the read models.</summary>
public enum ReadModelScope
{
    None,

    /// <summary>A hundred of each, chosen at random.</summary>
    Spot,

    /// <summary>All of them.</summary>
    Full,
}

/// <summary>Adds up what the log says of a series, and compares it with what the read models answer: from rollups, and from the samples themselves.</summary>
/// <param name="progress">Waits for read models that are behind the log; null where nothing else writes.</param>
/// <param name="alarms">The alarms that a running server answers from; null where none runs: they are kept nowhere else.</param>
public sealed class ReadModelCheck(IMeteringReader reader, ReadModelScope scope, IProjectionProgress? progress = null, IAlarmReader? alarms = null)
{
    internal const int Spot = 100;
    private const int Tries = 5; // while samples come in
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly IReadOnlyList<Aggregate> Edges = [Aggregate.Parse("first")!, Aggregate.Parse("last")!, Aggregate.Parse("p0")!];

    private readonly Chosen<SeriesKey, Tally> _series = new(MostOf(scope));
    private readonly Chosen<string, Replayed> _alarms = new(alarms is null ? 0 : MostOf(scope));
    private long _position;

    /// <summary>How many series were compared.</summary>
    public int Compared { get; private set; }

    /// <summary>How many alarms were compared.</summary>
    public int AlarmsCompared { get; private set; }

    internal void Add(RecordedEvent recorded)
    {
        _position = recorded.Position;
        if (recorded.Body is EventBody.Samples { Batch: var batch })
        {
            for (var i = 0; i < batch.Count; i++)
                _series.Of(batch.Series[i])?.Add(batch.Timestamps[i], batch.Volumes[i]);
        }
        else if (AlarmEvents.IsAlarmEvent(recorded))
        {
            _alarms.Of(recorded.Streams[0].Stream.ToString()[(AlarmEvent.Category.Length + 1)..])?.Add(AlarmEvents.Read(recorded));
        }
    }

    /// <summary>Compares; what is appended meanwhile is read, too.</summary>
    /// <returns>The series and alarms that differ, and how.</returns>
    internal async IAsyncEnumerable<string> CompareAsync(IEventStore log, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var (key, tally) in _series.Values.ToList())
        {
            if (await DifferenceAsync(log, () => DifferenceAsync(key, tally, ct), ct) is { } difference)
                yield return $"{key}: {difference}";
            Compared++;
        }
        foreach (var (id, replayed) in _alarms.Values.ToList())
        {
            if (await DifferenceAsync(log, () => DifferenceAsync(id, replayed, ct), ct) is { } difference)
                yield return $"Alarm {id}: {difference}";
            AlarmsCompared++;
        }
    }

    private static int MostOf(ReadModelScope scope) => scope switch { ReadModelScope.None => 0, ReadModelScope.Spot => Spot, _ => int.MaxValue };

    private async Task<string?> DifferenceAsync(IEventStore log, Func<Task<string?>> compare, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var difference = await compare();
        for (var tried = 1; tried < Tries && difference is not null && await CatchUpAsync(log, ct); tried++)
            difference = await compare();
        return difference;
    }

    /// <summary>False where there was nothing new.</summary>
    private async Task<bool> CatchUpAsync(IEventStore log, CancellationToken ct)
    {
        var before = _position;
        await foreach (var recorded in log.ReadAllAsync(_position, ct))
            Add(recorded);
        if (progress is not null)
            await Task.Delay(Pause, ct); // the alarms follow the log on their own
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

    private async Task<string?> DifferenceAsync(string id, Replayed replayed, CancellationToken ct)
    {
        var (log, found) = (replayed.Alarm, await alarms!.FindAsync(id, ct));
        if (log is { IsDeleted: true })
            log = null;
        return (log is null) == (found is null) && (log is null || IsSame(log, found!)) ? null
            : $"the log has {Text(log)}, the read model has {Text(found)}.";
    }

    private static string Text(Alarm? alarm) => alarm is null ? "none" : $"'{alarm.Definition.Name}' in state {alarm.State.Name()} at version {alarm.Version}";

    /// <summary>Definitions are compared as they are stored: a list equals another by what is in it.</summary>
    private static bool IsSame(Alarm a, Alarm b) => a with { Definition = b.Definition } == b && Stored(a).Span.SequenceEqual(Stored(b).Span);

    private static ReadOnlyMemory<byte> Stored(Alarm alarm) =>
        AlarmEvents.Write(new AlarmEvent.AlarmCreated(alarm.Id, alarm.Definition, alarm.State, Actor.Evaluator(null), alarm.CreatedAt)).Utf8;

    private static string Text(in Accumulator a) =>
        $"{a.Count} samples from {a.Min:R} to {a.Max:R}, {UnixMicroseconds.Format(a.FirstAt)} to {UnixMicroseconds.Format(a.LastAt)}";

    /// <summary>An alarm as its events make it.</summary>
    private sealed class Replayed
    {
        public Alarm? Alarm { get; private set; }

        public void Add(AlarmEvent happened) => Alarm = AlarmDecider.Evolve(Alarm, happened);
    }

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
