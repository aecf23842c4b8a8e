using System.Text.RegularExpressions;
using Npgsql;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.V2;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Statistics;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Samples;
using Telemetry.Projections.Audit;

namespace Telemetry.Api.GraphQL.Schema;

/// <summary>Shows what was refused with REST's text and a code by its status; what is the server's fault stays hidden.</summary>
internal sealed class Refused : IErrorFilter
{
    public const string NotFound = "NOT_FOUND";
    public const string Conflict = "CONFLICT";
    public const string Unavailable = "UNAVAILABLE";

    public static GraphQLException BadInput(string message) => new(new Error(message) { Code = ErrorCodes.BadUserInput });

    public IError OnError(IError error) => (error.Exception is { } e ? Describe(e) : null) is var (code, message)
        ? Error.From(error) with { Code = code, Message = message }
        : error;

    private static (string Code, string Message)? Describe(Exception e) => e switch
    {
        ApiException api when api.Status is < 500 or StatusCodes.Status503ServiceUnavailable or StatusCodes.Status507InsufficientStorage => (CodeOf(api.Status), api.Message),
        AlarmRefusedException { Reason: Refusal.NotAuthorized or Refusal.Forbidden } => (ErrorCodes.NotAuthorized, e.Message),
        AlarmRefusedException { Reason: Refusal.NotFound } => (NotFound, e.Message),
        AlarmRefusedException { Reason: Refusal.Unavailable } => (Unavailable, e.Message),
        AlarmRefusedException or TooManyRowsException => (ErrorCodes.BadUserInput, e.Message),
        RegexMatchTimeoutException => (ErrorCodes.BadUserInput, "The filter takes too long on a text."),
        TimeoutException => (ErrorCodes.Timeout, e.Message),
        SampleFaultException or SignatureRefusedException or OtherSamplesStoredException or BodyRefusedException when SampleFaults.Translate(e, SampleFaults.ForSamples) is var (_, refused) =>
            (CodeOf(refused.Status), refused.Message),
        EventStoreBusyException or EventStoreFullException or AuditException => (Unavailable, e.Message),
        NpgsqlException => (Unavailable, "The database does not answer. Try again later."),
        _ => null,
    };

    private static string CodeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => ErrorCodes.NotAuthorized,
        StatusCodes.Status404NotFound => NotFound,
        StatusCodes.Status409Conflict => Conflict,
        StatusCodes.Status503ServiceUnavailable or StatusCodes.Status507InsufficientStorage => Unavailable,
        _ => ErrorCodes.BadUserInput,
    };
}
