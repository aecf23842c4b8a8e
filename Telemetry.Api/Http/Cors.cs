using Microsoft.Extensions.Options;

namespace Telemetry.Api.Http;

/// <summary>Lets pages of configured origins call the API; answers every OPTIONS with 200, as Ceilometer's pipeline does.</summary>
/// <remarks>ASP.NET's own middleware answers a preflight with 204 and other OPTIONS with 405.</remarks>
internal sealed class Cors(RequestDelegate next, IOptions<ApiOptions> options)
{
    private const string Methods = "GET, HEAD, POST, PUT, DELETE, OPTIONS";
    private const string RequestHeaders =
        "Accept, Content-Encoding, Content-Type, GraphQL-Preflight, Prefer, Telemetry-Position, X-Auth-Token, X-Project-Id, X-Roles, X-User-Id";

    private readonly bool _any = options.Value.CorsOrigins.Contains("*");
    private readonly HashSet<string> _origins = [.. options.Value.CorsOrigins.Select(o => o.TrimEnd('/'))];

    public Task InvokeAsync(HttpContext context)
    {
        var preflight = HttpMethods.IsOptions(context.Request.Method);
        var headers = context.Response.Headers;
        if (_origins.Count > 0)
            headers.Vary = "Origin";
        if (context.Request.Headers.Origin is [{ } origin] && (_any || _origins.Contains(origin)))
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlExposeHeaders = $"{RequestIds.Header}, Telemetry-Position";
            if (preflight)
            {
                headers.AccessControlAllowMethods = Methods;
                headers.AccessControlAllowHeaders = RequestHeaders;
                headers.AccessControlMaxAge = "600";
            }
        }
        if (!preflight)
            return next(context);
        headers.Allow = Methods;
        headers.ContentLength = 0;
        return Task.CompletedTask;
    }
}
