using Telemetry.Api.GraphQL.Types.Scalars;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>The edges of buckets on a calendar: days begin at local midnight, weeks on Monday, months on their first.</summary>
/// <remarks>
/// Times that divide a day are counted from midnight, others from 1970; several days or months are counted from 1970 too, so that <c>P3M</c> gives quarters.
/// </remarks>
internal sealed class BucketGrid
{
    /// <summary>Buckets of one range, at most.</summary>
    public const int MaxBuckets = 10_000;

    /// <summary>Stretches of equally long buckets, each of which is read by itself, at most.</summary>
    public const int MaxRuns = 400;

    private readonly List<long> _edges;

    private BucketGrid(List<long> edges) => _edges = edges;

    public int Count => _edges.Count - 1;

    /// <summary>Where a bucket begins, microseconds since 1970; that of <see cref="Count"/> is the end of the last.</summary>
    public long this[int bucket] => _edges[bucket];

    /// <summary>The bucket that begins at an instant.</summary>
    public int IndexOf(long start) => _edges.BinarySearch(start);

    /// <summary>A stretch of equally long buckets.</summary>
    public readonly record struct Run(long Start, long End, long Length);

    public static BucketGrid Whole(long from, long to) => new([from, to]);

    /// <param name="from">Lies in the first bucket, microseconds since 1970.</param>
    /// <param name="to">Ends the last bucket at the latest.</param>
    /// <exception cref="Execution.GraphQLException">The period makes no buckets, or too many.</exception>
    public static BucketGrid Of(long from, long to, CalendarDuration period, string timeZone)
    {
        var zone = TimeConstraints.FindZone(timeZone) ?? throw Refused.BadInput($"\"{timeZone}\" is no time zone.");
        if (((period.Months > 0 ? 1 : 0) + (period.Days > 0 ? 1 : 0) + (period.Time > TimeSpan.Zero ? 1 : 0)) != 1 || period.Time.Ticks % TimeSpan.TicksPerSecond != 0)
            throw Refused.BadInput($"A period is of months, of days or of whole seconds, not {period}.");
        var edges = new List<long>();
        foreach (var edge in Edges(from, period, zone))
        {
            if (edges.Count > 0 && edge <= edges[^1])
                continue; // a local time that the clock skipped
            edges.Add(edge);
            if (edge >= to)
                break;
            if (edges.Count > MaxBuckets)
                throw Refused.BadInput($"The range holds more than {MaxBuckets} periods of {period}. Ask for a longer period or a shorter range.");
        }
        return edges.Count > 1 ? new(edges) : throw Refused.BadInput($"A period of {period} ends after the calendar does.");
    }

    /// <summary>The buckets as stretches that a reader can be asked for.</summary>
    /// <exception cref="Execution.GraphQLException">There are too many.</exception>
    public IReadOnlyList<Run> Runs()
    {
        var runs = new List<Run>();
        for (var i = 0; i < Count; i++)
        {
            var length = _edges[i + 1] - _edges[i];
            if (runs is [.., var last] && last.Length == length)
                runs[^1] = last with { End = _edges[i + 1] };
            else
                runs.Add(new(_edges[i], _edges[i + 1], length));
        }
        return runs.Count <= MaxRuns ? runs : throw Refused.BadInput($"The range has more than {MaxRuns} months or changes of the clock. Ask for a shorter one.");
    }

    private static IEnumerable<long> Edges(long from, CalendarDuration period, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(UnixMicroseconds.ToDateTimeOffset(from), zone).DateTime;
        if (period.Months > 0)
        {
            for (var month = Floor((local.Year * 12) + local.Month - 1, period.Months); month < 9999 * 12; month += period.Months)
                yield return Instant(new DateTime((int)(month / 12), (int)(month % 12) + 1, 1), zone);
        }
        else if (period.Days > 0)
        {
            var monday = period.Days % 7 == 0 ? 4 : 0; // 1970-01-05
            for (var day = Floor(DayOf(local) - monday, period.Days) + monday; day < DayOf(DateTime.MaxValue); day += period.Days)
                yield return Instant(DateTime.UnixEpoch.AddDays(day), zone);
        }
        else
        {
            var length = period.Time.Ticks / 10;
            if (UnixMicroseconds.PerDay % length != 0)
            {
                for (var at = Floor(from, length); at < UnixMicroseconds.Max; at += length)
                    yield return at;
            }
            else
            {
                for (var day = local.Date; day < DateTime.MaxValue.Date; day = day.AddDays(1))
                {
                    var end = Instant(day.AddDays(1), zone);
                    for (var at = Instant(day, zone); at < end; at += length)
                    {
                        if (at > from - length)
                            yield return at;
                    }
                }
            }
        }
    }

    private static long DayOf(DateTime local) => (local - DateTime.UnixEpoch).Days;

    private static long Floor(long value, long step) => value - (((value % step) + step) % step);

    /// <summary>A local time as an instant; of one that comes twice the first, of one that the clock skips when it has skipped it.</summary>
    private static long Instant(DateTime local, TimeZoneInfo zone)
    {
        var offset = zone.IsInvalidTime(local) ? zone.GetUtcOffset(local.AddHours(-1))
            : zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max()
            : zone.GetUtcOffset(local);
        return Math.DivRem(local.Ticks - offset.Ticks - DateTime.UnixEpoch.Ticks, 10).Quotient;
    }
}
