namespace Telemetry.Api.Http;

/// <summary>Answers HEAD as GET without the body, without naming it in every Allow header.</summary>
internal static class HeadRequests
{
    public static async Task AnswerAsGetAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await next(context);
            return;
        }
        context.Request.Method = HttpMethods.Get;
        context.Response.Body = Stream.Null;
        await next(context);
    }
}
