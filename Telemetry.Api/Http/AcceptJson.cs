using Telemetry.Api.V2;

namespace Telemetry.Api.Http;

/// <summary>Marks an endpoint that answers JSON and nothing else.</summary>
internal sealed class AnswersJson
{
    public static readonly AnswersJson Mark = new();
}

/// <summary>Refuses a request for an answer that no client of ours gets: 406 where JSON is not accepted.</summary>
internal static class AcceptJson
{
    public static Task DemandAsync(HttpContext context, RequestDelegate next) =>
        context.GetEndpoint()?.Metadata.GetMetadata<AnswersJson>() is null || Accepts(context.Request)
            ? next(context)
            : throw ApiException.Plain(StatusCodes.Status406NotAcceptable, "Not Acceptable: answers are application/json.");

    private static bool Accepts(HttpRequest request)
    {
        if (request.Headers.Accept.Count == 0 || string.IsNullOrWhiteSpace(request.Headers.Accept.ToString()))
            return true;
        foreach (var accepted in request.GetTypedHeaders().Accept)
        {
            if (accepted.Quality != 0 && accepted.MediaType.Value?.ToLowerInvariant() is
                "*/*" or "application/*" or "application/json" or "text/javascript" or "application/javascript")
                return true;
        }
        return false;
    }
}
