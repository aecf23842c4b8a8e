namespace Telemetry.Api.Auth;

/// <summary>Authentication <c>none</c>: believes X-Roles, X-User-Id and X-Project-Id as they are given.</summary>
internal static class IdentityHeaders
{
    public static Task ReadAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Request.Headers;
        context.SetCaller(new Caller(
            headers["X-Roles"] is [_, ..] roles ? roles.ToString().Split(',') : [], Single(headers["X-User-Id"]), Single(headers["X-Project-Id"])));
        return next(context);
    }

    private static string? Single(Microsoft.Extensions.Primitives.StringValues values) => values.Count == 0 ? null : values.ToString();
}
