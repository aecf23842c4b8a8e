namespace Telemetry.Domain.Queries;

/// <summary>A span of time, start inclusive, end exclusive, in microseconds since 1970; null is without bound.</summary>
public readonly record struct TimeRange(long? From, long? To)
{
    public static readonly TimeRange Always = new(null, null);

    public bool Contains(long at) => (From is not { } from || at >= from) && (To is not { } to || at < to);

    /// <summary>Whether anything from the first to the last instant, both inclusive, can lie in the range.</summary>
    public bool Overlaps(long first, long last) => (From is not { } from || last >= from) && (To is not { } to || first < to);

    /// <summary>Whether everything from the first to the last instant, both inclusive, lies in the range.</summary>
    public bool Covers(long first, long last) => Contains(first) && Contains(last);

    public TimeRange Intersect(TimeRange other) => new(
        From is null ? other.From : other.From is null ? From : Math.Max(From.Value, other.From.Value),
        To is null ? other.To : other.To is null ? To : Math.Min(To.Value, other.To.Value));
}
