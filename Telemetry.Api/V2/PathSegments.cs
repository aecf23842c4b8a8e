using Microsoft.AspNetCore.Http.Features;

namespace Telemetry.Api.V2;

/// <summary>Segments of the path, decoded from what the client sent.</summary>
/// <remarks>
/// The server decodes a path but for <c>%2F</c>, so that in what it gives <c>a%2Fb</c> and <c>a%252Fb</c> are the same text. The raw target tells them apart.
/// </remarks>
internal static class PathSegments
{
    /// <summary>A route value, decoded once.</summary>
    /// <param name="fromEnd">Which segment of the path it is, 0 for the last one.</param>
    public static string Decoded(HttpContext context, string routeValue, int fromEnd)
    {
        var routed = (string)context.Request.RouteValues[routeValue]!;
        if (!routed.Contains("%2f", StringComparison.OrdinalIgnoreCase))
            return routed;
        var path = context.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?', '#')[0].TrimEnd('/');
        var segments = path?.Split('/') ?? [];
        return segments.Length > fromEnd ? Uri.UnescapeDataString(segments[^(fromEnd + 1)]) : routed;
    }
}
