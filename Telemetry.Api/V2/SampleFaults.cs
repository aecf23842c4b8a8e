using Telemetry.Domain.Streams;
using Telemetry.Ingest.Samples;

namespace Telemetry.Api.V2;

/// <summary>What senders are told when samples are refused.</summary>
internal static class SampleFaults
{
    /// <summary>In the words of Ceilometer's API, which takes all that it cannot read for a fault of the argument <c>samples</c>.</summary>
    public static ApiException ForMeter(SampleFault fault) => Common(fault) ?? fault.Kind switch
    {
        SampleFaultKind.Format => ApiException.BadRequest("Request is not in valid JSON format"),
        SampleFaultKind.Malformed => ApiException.InvalidInput("samples", fault.Value, fault.Index is null ? fault.Reason : $"{fault.Path}: {fault.Reason}"),
        _ => ApiException.InvalidInput(fault.Field ?? "samples", fault.Value, fault.Reason),
    };

    /// <summary>With the place of the fault, as our own call answers.</summary>
    public static ApiException ForSamples(SampleFault fault) => Common(fault) ?? fault.Kind switch
    {
        SampleFaultKind.Format => ApiException.BadRequest($"Request is not in a valid format: {fault.Reason}"),
        _ => ApiException.InvalidInput(fault.Path, fault.Value, fault.Reason),
    };

    public static ApiException UnknownMediaType(string type) => new(StatusCodes.Status415UnsupportedMediaType, $"Unknown mimetype: {type}");

    /// <summary>The answer to a failed intake and the word it is counted by; null for what is not the sender's to know.</summary>
    public static (string Reason, ApiException Error)? Translate(Exception exception, Func<SampleFault, ApiException> translate) => exception switch
    {
        ApiException error => ("request", error),
        SampleFaultException { Fault: var fault } => (fault.Kind.ToString().ToLowerInvariant(), translate(fault)),
        BodyRefusedException { Refusal: var refusal } => (refusal.ToString().ToLowerInvariant(), new ApiException(StatusOf(refusal), exception.Message)),
        SignatureRefusedException => ("signature", new ApiException(StatusCodes.Status403Forbidden, exception.Message)),
        OtherSamplesStoredException => ("reusedkey", new ApiException(
            StatusCodes.Status422UnprocessableEntity, "The Idempotency-Key was used before, for other samples.")),
        EventStoreBusyException => ("busy", new ApiException(StatusCodes.Status503ServiceUnavailable, exception.Message)),
        EventStoreFullException => ("full", new ApiException(StatusCodes.Status507InsufficientStorage, exception.Message)),
        _ => null,
    };

    private static ApiException? Common(SampleFault fault) => fault.Kind switch
    {
        SampleFaultKind.NoSamples => ApiException.BadRequest(fault.Reason),
        SampleFaultKind.TooMany => new ApiException(StatusCodes.Status413PayloadTooLarge, fault.Reason),
        SampleFaultKind.UnknownDictionary => new ApiException(StatusCodes.Status409Conflict, fault.Reason),
        SampleFaultKind.Unknown => ApiException.BadRequest($"Unknown attribute for argument samples: {fault.Field}"),
        _ => null,
    };

    private static int StatusOf(BodyRefusal refusal) => refusal switch
    {
        BodyRefusal.TooLarge => StatusCodes.Status413PayloadTooLarge,
        BodyRefusal.UnknownEncoding => StatusCodes.Status415UnsupportedMediaType,
        BodyRefusal.NoRoom => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    };
}
