namespace Telemetry.Api.Http;

/// <summary>Gives every answer an <c>x-openstack-request-id</c>, <c>req-</c> and a UUID, as oslo.middleware does.</summary>
internal static class RequestIds
{
    public const string Header = "x-openstack-request-id";

    public static Task AssignAsync(HttpContext context, RequestDelegate next)
    {
        var id = $"req-{Guid.NewGuid()}";
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;
        return next(context);
    }
}
