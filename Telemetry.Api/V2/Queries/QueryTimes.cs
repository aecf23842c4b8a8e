using System.Numerics;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2.Queries;

/// <summary>The time that a simple query speaks of. Of several bounds of one kind the last one counts.</summary>
/// <param name="Start">The start as written, microseconds since 1970.</param>
/// <param name="StartOp"><c>gt</c> or <c>ge</c>.</param>
/// <param name="End">The end as written.</param>
/// <param name="EndOp"><c>lt</c> or <c>le</c>.</param>
/// <param name="Offset">Microseconds by which the search goes beyond both bounds.</param>
internal sealed record QueryTimes(long? Start, string StartOp, long? End, string EndOp, long Offset)
{
    /// <summary>Where the search begins, whether or not the instant itself is in it: there the first bucket of statistics starts.</summary>
    public long? SearchStart => Start is { } start ? Math.Clamp(start - Offset, UnixMicroseconds.Min, UnixMicroseconds.Max) : null;

    /// <summary>The timestamps that are searched.</summary>
    public TimeRange Range
    {
        get
        {
            long? to = End is { } end ? Math.Clamp(end + Offset, UnixMicroseconds.Min, UnixMicroseconds.Max) : null;
            return new(StartOp == "gt" ? SearchStart + 1 : SearchStart, EndOp == "le" ? to + 1 : to);
        }
    }

    /// <summary>The range as a condition on rows.</summary>
    public Predicate Predicate
    {
        get
        {
            var result = Predicate.True;
            if (Range.From is { } from)
                result = new Predicate.Compare(Field.Timestamp, Comparison.GreaterOrEqual, QueryValue.Instant(from));
            if (Range.To is { } to)
                result = Predicate.And(result, new Predicate.Compare(Field.Timestamp, Comparison.Less, QueryValue.Instant(to)));
            return result;
        }
    }

    /// <param name="conditions">Of a query whose operators were checked.</param>
    /// <exception cref="ApiException">400: a timestamp or the offset cannot be read.</exception>
    public static QueryTimes Of(IEnumerable<QueryCondition> conditions)
    {
        var times = new QueryTimes(null, "ge", null, "lt", 0);
        foreach (var condition in conditions)
        {
            times = condition switch
            {
                { Field: "timestamp", Value: null } => times,
                { Field: "timestamp", Op: "gt" or "ge" } => times with { Start = Timestamp(condition.Value), StartOp = condition.Op },
                { Field: "timestamp" } => times with { End = Timestamp(condition.Value), EndOp = condition.Op },
                { Field: "search_offset" } => times with { Offset = Minutes(condition.Value ?? "") },
                _ => times,
            };
        }
        return times;
    }

    /// <summary>A zone is dropped, not converted.</summary>
    private static long Timestamp(string text) =>
        IsoTimestamp.Parse(text)?.Naive ?? throw ApiException.InvalidInput("timestamp", text, "invalid timestamp format");

    private static long Minutes(string text)
    {
        var minutes = PythonInteger.Parse(text) ?? throw ApiException.InvalidInput("search_offset", text, "It is a whole number of minutes.");
        var reach = UnixMicroseconds.Max - UnixMicroseconds.Min;
        return (long)BigInteger.Min(BigInteger.Max(minutes * 60 * UnixMicroseconds.PerSecond, -reach), reach);
    }
}
