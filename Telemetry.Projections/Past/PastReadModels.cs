using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Alarms;
using Telemetry.Projections.Running;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Samples.Reading;
using Telemetry.Projections.Stores.Sqlite;

namespace Telemetry.Projections.Past;

/// <summary>A time in the log: what was recorded until then.</summary>
/// <param name="Position">Inclusive; null without a bound.</param>
/// <param name="Time">When the store took an event; inclusive, null without a bound.</param>
public readonly record struct AsOf(long? Position, DateTimeOffset? Time)
{
    public bool Includes(RecordedEvent e) => !(e.Position > Position) && !(e.RecordedAt > Time);
}

/// <summary>Answers questions as they would have been answered before: it builds the read models that a question needs, out of the log, and throws them away.</summary>
/// <remarks>
/// The models and readers are those that answer today's questions, so that an answer is exact, whatever the question. Of a question about one project the
/// streams of its months are replayed, of any other all samples up to that time.
/// </remarks>
public sealed class PastReadModels(IEventStore log, ProjectionsOptions projections, PastOptions options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _free = new(options.MaxConcurrent);

    /// <summary>A reader of the samples as they were; dispose it after the question.</summary>
    /// <param name="filter">Of the question; what it cannot select need not be replayed.</param>
    /// <param name="range">Of the samples' timestamps.</param>
    /// <exception cref="PastTooLargeException">More samples than allowed would have to be replayed.</exception>
    /// <exception cref="PastBusyException">As many questions as allowed are being replayed.</exception>
    public async Task<PastMetering> MeteringAsync(AsOf asOf, Predicate filter, TimeRange range, CancellationToken ct = default)
    {
        if (!await _free.WaitAsync(0, ct))
            throw new PastBusyException(options.MaxConcurrent);
        var past = new PastMetering(log, projections, time, () => _free.Release());
        try
        {
            var samples = 0L;
            await foreach (var recorded in EventsAsync(asOf, filter, range, ct))
            {
                samples += recorded.Body is EventBody.Samples { Batch.Count: var count } ? count : 0;
                if (samples > options.MaxSamples)
                    throw new PastTooLargeException(options.MaxSamples);
                past.Apply(recorded);
            }
            return past;
        }
        catch
        {
            past.Dispose();
            throw;
        }
    }

    /// <summary>A reader of the alarms as they were.</summary>
    public async Task<IAlarmReader> AlarmsAsync(AsOf asOf, CancellationToken ct = default)
    {
        var index = new AlarmIndex(log);
        await foreach (var stream in log.ListStreamsAsync($"{AlarmEvent.Category}-", ct))
        {
            await foreach (var stored in log.ReadStreamAsync(stream.Stream, ct: ct))
            {
                if (!asOf.Includes(stored.Event))
                    break;
                index.Apply(stored.Stream, stored.Version, AlarmEvents.Read(stored.Event));
            }
        }
        return index;
    }

    public void Dispose() => _free.Dispose();

    /// <summary>The events that a question needs, by ascending position.</summary>
    private async IAsyncEnumerable<RecordedEvent> EventsAsync(AsOf asOf, Predicate filter, TimeRange range, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        if (!TryProject(filter, out var project))
        {
            await foreach (var recorded in log.ReadAllAsync(ct: ct))
            {
                if (recorded.Position > asOf.Position)
                    yield break;
                if (asOf.Includes(recorded))
                    yield return recorded;
            }
            yield break;
        }
        var streams = new PriorityQueue<IAsyncEnumerator<StreamEvent>, long>();
        try
        {
            foreach (var stream in await StreamsAsync(project ?? SampleStreams.NoProject, range, ct))
                await EnqueueAsync(log.ReadStreamAsync(stream, ct: ct).GetAsyncEnumerator(ct));
            for (var last = 0L; streams.TryDequeue(out var next, out var position);)
            {
                var recorded = next.Current.Event;
                await EnqueueAsync(next);
                if (position == last) // an event of two of the streams
                    continue;
                last = position;
                if (position > asOf.Position)
                    yield break;
                if (asOf.Includes(recorded))
                    yield return recorded;
            }
        }
        finally
        {
            while (streams.TryDequeue(out var left, out _))
                await left.DisposeAsync();
        }

        async Task EnqueueAsync(IAsyncEnumerator<StreamEvent> stream)
        {
            if (await stream.MoveNextAsync())
                streams.Enqueue(stream, stream.Current.Event.Position);
            else
                await stream.DisposeAsync();
        }
    }

    private async Task<List<StreamName>> StreamsAsync(string project, TimeRange range, CancellationToken ct)
    {
        var streams = new List<StreamName>();
        var prefix = $"{SampleStreams.Category}-{project}-";
        await foreach (var (stream, _) in log.ListStreamsAsync(prefix, ct))
        {
            // Another project's name may begin with this one's.
            if (DateTime.TryParseExact(stream.ToString().AsSpan(prefix.Length), "yyyy-MM", null, System.Globalization.DateTimeStyles.AssumeUniversal | System.Globalization.DateTimeStyles.AdjustToUniversal, out var month)
                && SampleStreams.MonthOf(UnixMicroseconds.From(month)) is var (from, to) && range.Overlaps(from, to - 1))
                streams.Add(stream);
        }
        return streams;
    }

    /// <summary>Whether a filter selects samples of one project only, null standing for none.</summary>
    private static bool TryProject(Predicate filter, out string? project)
    {
        project = null;
        switch (filter)
        {
            case Predicate.Compare { Operator: Comparison.Equal, Value: { Kind: ValueKind.Text or ValueKind.Null } value } c when c.Field == Field.ProjectId:
                project = value.Text;
                return true;
            case Predicate.All all:
                foreach (var operand in all.Operands)
                {
                    if (TryProject(operand, out project))
                        return true;
                }
                return false;
            default:
                return false;
        }
    }
}

/// <summary>Samples as they were: a read model that is thrown away with this.</summary>
public sealed class PastMetering : IDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly ReadModelDatabase _database;
    private readonly SampleProjection _samples;
    private readonly Action _released;

    internal PastMetering(IEventStore log, ProjectionsOptions options, TimeProvider time, Action released)
    {
        _released = released;
        _directory = Directory.CreateTempSubdirectory("telemetry-as-of-");
        _database = new(Path.Combine(_directory.FullName, "read-model.db"), NullLogger.Instance);
        // What was never stored stays in memory, whatever CacheBytes says: some 5 bytes a sample.
        _samples = new(_database, options, NullLogger<SampleProjection>.Instance);
        _samples.Load();
        Reader = new MeteringReader(_samples, log, options, time);
    }

    public IMeteringReader Reader { get; }

    public void Dispose()
    {
        _database.Dispose();
        _directory.Delete(recursive: true);
        _released();
    }

    internal void Apply(RecordedEvent recorded) => _samples.Apply(recorded);
}

/// <summary>A question about the past would replay too much.</summary>
public sealed class PastTooLargeException(long most)
    : Exception($"More than {most} samples would have to be replayed. Ask for one project and a time, or raise Telemetry:AsOf:MaxSamples.");

/// <summary>As many questions about the past as allowed are being answered.</summary>
public sealed class PastBusyException(int most) : Exception($"{most} questions about the past are being answered. Try again later.");
