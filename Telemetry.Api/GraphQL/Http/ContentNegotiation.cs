using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>What a client accepts of what can be answered.</summary>
/// <param name="Json">The media type of a single answer; null where the client takes none.</param>
/// <param name="TakesEvents">Whether it names <c>text/event-stream</c>.</param>
internal readonly record struct Accepted(string? Json, bool TakesEvents)
{
    public bool IsLegacy => Json == ContentNegotiation.Json;
}

/// <summary>Chooses the media type of an answer by <c>Accept</c>, its q-values counted.</summary>
internal static class ContentNegotiation
{
    public const string Json = "application/json";
    public const string GraphQLResponse = "application/graphql-response+json";
    public const string EventStream = "text/event-stream";

    /// <summary>Without a header, and for <c>*/*</c>: <c>application/json</c>. Events only where they are named.</summary>
    public static Accepted Negotiate(StringValues header)
    {
        if (StringValues.IsNullOrEmpty(header))
            return new(Json, TakesEvents: false);
        if (!MediaTypeHeaderValue.TryParseList(header, out var ranges))
            return new(null, TakesEvents: false);
        var json = Quality(ranges, Json, out var jsonPlace);
        var response = Quality(ranges, GraphQLResponse, out var responsePlace);
        var takesEvents = ranges.Any(r => r.MediaType.Equals(EventStream, StringComparison.OrdinalIgnoreCase) && r.Quality != 0);
        if (json == 0 && response == 0)
            return new(null, takesEvents);
        // The one named first among equals; one that is named before one that a wildcard covers.
        var isResponse = response > json || (response == json && responsePlace < jsonPlace);
        return new(isResponse ? GraphQLResponse : Json, takesEvents);
    }

    private static double Quality(IList<MediaTypeHeaderValue> ranges, string type, out int place)
    {
        place = int.MaxValue;
        var (best, specificity) = (0d, -1);
        for (var i = 0; i < ranges.Count; i++)
        {
            var range = ranges[i].MediaType;
            var s = range.Equals(type, StringComparison.OrdinalIgnoreCase) ? 2
                : range.Equals("application/*", StringComparison.OrdinalIgnoreCase) ? 1
                : range.Equals("*/*", StringComparison.Ordinal) ? 0
                : -1;
            if (s <= specificity)
                continue;
            specificity = s;
            best = ranges[i].Quality ?? 1;
            place = s == 2 ? i : int.MaxValue;
        }

        return best;
    }
}
