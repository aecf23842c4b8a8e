using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;
using Npgsql;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Statistics;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.V2.Errors;

/// <summary>Turns what goes wrong into Ceilometer's error bodies, and gives the answers of routing a body.</summary>
internal static class Errors
{
    public static async Task TranslateAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (HasNoBody(context.Response))
                await ErrorBody.WriteAsync(context, context.Response.StatusCode, Phrase(context), plain: true);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left: nobody reads an answer.
        }
        catch (Exception e)
        {
            var error = Translate(e);
            if (error is null)
                Log.RequestFailed(Logger(context), e, context.Request.Method, context.Request.Path);
            if (context.Response.HasStarted)
            {
                // A cut connection says that the answer is not whole; a well-formed end would hide it.
                context.Abort();
                return;
            }
            error ??= new ApiException(StatusCodes.Status500InternalServerError, "The server failed to answer; its log says why.");
            await ErrorBody.WriteAsync(context, error.Status, error.Message, error.IsPlain);
        }
    }

    /// <summary>Null for what is not the client's fault.</summary>
    private static ApiException? Translate(Exception e) => e switch
    {
        ApiException api => api,
        BadHttpRequestException bad => new(bad.StatusCode, bad.Message),
        AlarmRefusedException refused => Refused(refused),
        UnknownMarkerException marker => ApiException.BadRequest(marker.Message),
        EventStoreBusyException busy => new(StatusCodes.Status503ServiceUnavailable, busy.Message),
        EventStoreFullException full => new(StatusCodes.Status507InsufficientStorage, full.Message),
        NpgsqlException => new(StatusCodes.Status503ServiceUnavailable, "The database does not answer. Try again later."),
        TooManyRowsException many => ApiException.BadRequest(many.Message),
        RegexMatchTimeoutException late => ApiException.BadRequest(
            $"Filter expression not valid: the regular expression '{late.Pattern}' takes too long on '{late.Input}'"),
        _ => null,
    };

    private static ApiException Refused(AlarmRefusedException refused) => refused.Reason switch
    {
        Refusal.NotAuthorized => new(StatusCodes.Status401Unauthorized, refused.Message),
        Refusal.Forbidden => new(StatusCodes.Status403Forbidden, refused.Message),
        Refusal.NotFound => new(StatusCodes.Status404NotFound, refused.Message),
        Refusal.Unavailable => new(StatusCodes.Status503ServiceUnavailable, refused.Message),
        _ => ApiException.BadRequest(refused.Message),
    };

    private static bool HasNoBody(HttpResponse response) =>
        response is { StatusCode: >= 400, HasStarted: false, ContentLength: null, ContentType: null };

    private static string Phrase(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => "Not Found: the resource could not be found.",
        StatusCodes.Status405MethodNotAllowed => $"Method Not Allowed: the method {context.Request.Method} is not allowed for this resource.",
        var status => ReasonPhrases.GetReasonPhrase(status),
    };

    private static ILogger Logger(HttpContext context) =>
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Telemetry.Api.V2");
}
