namespace Telemetry.Api.Auth;

/// <summary>Where a request keeps who asks.</summary>
internal static class CallerExtensions
{
    /// <summary>Who asks: as a middleware has set it, else as the headers say.</summary>
    public static Caller Caller(this HttpContext context)
    {
        if (context.Features.Get<Caller>() is { } caller)
            return caller;
        var headers = context.Request.Headers;
        return new(headers["X-Roles"] is [_, ..] roles ? roles.ToString().Split(',') : [], Single(headers["X-User-Id"]), Single(headers["X-Project-Id"]));
    }

    private static string? Single(Microsoft.Extensions.Primitives.StringValues values) => values.Count == 0 ? null : values.ToString();
}
