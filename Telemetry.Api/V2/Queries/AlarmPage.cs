using System.Numerics;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2.Queries;

/// <summary>What part of a list of alarms or of history is asked for, and in which order.</summary>
internal sealed record AlarmPage(IReadOnlyList<AlarmSortKey> OrderBy, string? After, int? Limit)
{
    /// <param name="keys">What can be sorted by, in the order in which the error names it.</param>
    /// <exception cref="ApiException">400.</exception>
    public static AlarmPage Of(Arguments arguments, IReadOnlyList<string> keys)
    {
        var limit = arguments.Integer(Argument.PageLimit);
        if (limit < 0)
            throw ApiException.InvalidInput("limit", limit.ToString(), "it should be a positive integer.");
        return new(
            [.. arguments.Texts(Argument.Sort).Select(s => Key(s, keys))], arguments.Text(Argument.Marker),
            limit is null || limit.Value.IsZero ? null : (int)BigInteger.Min(limit.Value, int.MaxValue));
    }

    private static AlarmSortKey Key(string sort, IReadOnlyList<string> keys)
    {
        var parts = sort.Split(':');
        if (parts.Length > 2 || !keys.Contains(parts[0]))
        {
            throw ApiException.InvalidInput(
                "sort", sort,
                "the sort parameter should be a pair of sort key and sort dir combined with ':', or only sort key specified and sort dir will be default 'asc', "
                + $"the supported sort keys are: ({string.Join(", ", keys.Select(MetadataText.Quote))})");
        }
        return (parts.Length == 1 ? "asc" : parts[1]) switch
        {
            "asc" => new(parts[0], Descending: false),
            "desc" => new(parts[0], Descending: true),
            _ => throw ApiException.InvalidInput("sort", sort, "the sort dir should be 'asc' or 'desc'."),
        };
    }
}
