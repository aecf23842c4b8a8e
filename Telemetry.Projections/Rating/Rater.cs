using System.Globalization;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Rating;

/// <summary>Replays a project's month out of the log and rates it.</summary>
/// <remarks>
/// Memory grows with the number of series, not of samples. Only series with late samples are counted twice: their samples are gathered
/// in a second reading, at most <see cref="MaxGathered"/> at a time, and sorted.
/// </remarks>
public sealed class Rater(IEventStore log)
{
    /// <summary>How many samples of late series are held at once: about 200 MB.</summary>
    internal const int MaxGathered = 4_000_000;

    private const int EventsAhead = 256; // read and unpacked while others are counted
    private const int ReportEvery = 1000; // events

    /// <summary>How many samples of late series are held at once; less in tests.</summary>
    internal int Gathered { get; init; } = MaxGathered;

    /// <exception cref="TariffException">The tariff cannot be applied to the samples.</exception>
    public async Task<Rating> RateAsync(RatingRequest request, IProgress<RatingProgress>? progress = null, CancellationToken ct = default)
    {
        var (from, to) = SampleStreams.MonthOf(request.Month);
        var month = new MonthFold(request.Tariff, request.ProjectId, from, to);
        if (month.DependsOnOrder)
            await CarryAsync(request, month, ct);

        var stream = SampleStreams.For(request.ProjectId, from);
        var (version, position, events) = (0L, 0L, 0);
        await foreach (var e in ReadAsync(request, stream, ct).AheadAsync(EventsAhead, ct))
        {
            month.Add(Batch(e), e.Event.Position);
            (version, position) = (e.Version, e.Event.Position);
            if (++events % ReportEvery == 0)
                progress?.Report(new(month.Samples, position));
        }
        foreach (var group in month.Disordered(Gathered))
        {
            var gathered = new LateSamples(group, from, to);
            await foreach (var e in ReadAsync(request, stream, ct).AheadAsync(EventsAhead, ct))
            {
                if (e.Version > version)
                    break;
                gathered.Add(Batch(e), e.Event.Position);
            }
            month.Replace(gathered);
        }
        var lives = await LivesAsync(request, month, to, ct);
        progress?.Report(new(month.Samples, position));
        return Close(request, month, lives, stream, version, Math.Max(position, lives.Position), from);
    }

    private static Rating Close(RatingRequest request, MonthFold month, LifeFold lives, StreamName stream, long version, long position, long from)
    {
        try
        {
            var lines = Pricing.Price(request.Tariff, [.. month.Close(), .. lives.Close()]);
            return new(
                request.ProjectId, UnixMicroseconds.ToDateTime(from).ToString("yyyy-MM", CultureInfo.InvariantCulture), request.Tariff, request.AsOfPosition,
                request.AsOfTime, stream.ToString(), version, position, month.Samples, lines, lines.Sum(l => l.Amount));
        }
        catch (OverflowException e)
        {
            throw new TariffException($"The quantities of project {request.ProjectId} are too large to be rated.", e);
        }
    }

    /// <summary>Reads the project's telemetry events up to the month's end: what began long ago may still be there.</summary>
    private async Task<LifeFold> LivesAsync(RatingRequest request, MonthFold month, long to, CancellationToken ct)
    {
        var lives = new LifeFold(request.Tariff, request.ProjectId, month.From, Math.Max(month.From, Math.Min(to, request.Tariff.To)));
        if (!lives.IsWanted)
            return lives;
        var prefix = $"{TelemetryEventStreams.Category}-{request.ProjectId}-";
        await foreach (var (stream, _) in log.ListStreamsAsync(prefix, ct))
        {
            // Another project's name may begin with this one's.
            if (!DateTime.TryParseExact(stream.ToString().AsSpan(prefix.Length), "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var of)
                || UnixMicroseconds.From(of) >= to)
                continue;
            await foreach (var e in ReadAsync(request, stream, ct))
                lives.Add(e.Event);
        }
        return lives;
    }

    /// <summary>Looks for the last sample of each series before the month, in the end of the month before.</summary>
    private async Task CarryAsync(RatingRequest request, MonthFold month, CancellationToken ct)
    {
        var since = month.From - (request.Tariff.CarrySeconds * UnixMicroseconds.PerSecond);
        if (since >= month.From || month.From - UnixMicroseconds.PerDay < UnixMicroseconds.Min)
            return;
        var (before, _) = SampleStreams.MonthOf(month.From - 1);
        await foreach (var e in log.ReadStreamAsync(SampleStreams.For(request.ProjectId, before), long.MaxValue, ReadDirection.Backwards, ct))
        {
            // A sample is recorded after it was taken; an hour is left for clocks that are ahead.
            if (UnixMicroseconds.From(e.Event.RecordedAt) < since - UnixMicroseconds.PerHour)
                break;
            if (IsKnown(request, e.Event))
                month.Carry(Batch(e), e.Event.Position, since);
        }
    }

    private async IAsyncEnumerable<StreamEvent> ReadAsync(
        RatingRequest request, StreamName stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var e in log.ReadStreamAsync(stream, ct: ct))
        {
            if (e.Event.Position > request.AsOfPosition)
                break;
            if (IsKnown(request, e.Event))
                yield return e;
        }
    }

    private static bool IsKnown(RatingRequest request, RecordedEvent e) =>
        !(e.Position > request.AsOfPosition) && !(e.RecordedAt > request.AsOfTime);

    private static SampleBatch Batch(StreamEvent e) => e.Event.Body is EventBody.Samples samples
        ? samples.Batch
        : throw new InvalidDataException($"Version {e.Version} of stream '{e.Stream}' holds no samples.");
}
