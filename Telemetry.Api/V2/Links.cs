namespace Telemetry.Api.V2;

/// <summary>Addresses of the API as its caller reaches it: scheme, Host header and path base.</summary>
internal static class Links
{
    public static string Base(HttpRequest request) => $"{request.Scheme}://{(request.Host.HasValue ? request.Host.Value : "localhost")}{request.PathBase.Value}";

    /// <summary>Ids stand in links unescaped, as Ceilometer inserts them.</summary>
    public static string Resource(string @base, string resourceId) => $"{@base}/v2/resources/{resourceId}";

    public static string MeterOfResource(string @base, string meter, string resourceId) =>
        $"{@base}/v2/meters/{meter}?q.field=resource_id&q.value={resourceId}";
}
