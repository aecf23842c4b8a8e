using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Telemetry.Api.Auth;
using Telemetry.Api.Intake;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Samples;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.V2;

/// <summary>
/// <c>POST /v2/intake/samples</c>: takes what Ceilometer's publisher <c>http://</c> sends, so that one line of a <c>pipeline.yaml</c> points an agent here. Its samples
/// are finished: they go to the store as they are.
/// </summary>
internal static class PublishedSampleEndpoints
{
    private const string Source = "http";

    public static void MapPublishedSamples(this IEndpointRouteBuilder routes) => routes.MapPost("/v2/intake/samples", PostAsync)
        .Takes().Reads("PublishedSample", list: true)
        .WithTags("Samples").WithName("post_published_samples").WithSummary("Takes what Ceilometer's publisher http:// sends: a list of samples, or one sample.");

    private static async Task PostAsync(HttpContext context, [AsParameters] IntakeServices intake)
    {
        try
        {
            Arguments.OfQueryString(context);
            var (samples, evidence) = await ReadAsync(context, intake);
            var batch = SampleInFlight.ToBatch(samples);
            intake.Signatures.Demand("rest", evidence, new(batch));
            var accepted = await intake.Samples.AcceptAsync(batch, IdOf(context, batch), Source, evidence, context.RequestAborted);
            context.Response.Headers["Telemetry-Position"] = accepted.Position.ToString();
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (FormatException e)
        {
            intake.Refusals.Add("malformed", e.Message);
            throw ApiException.BadRequest(e.Message);
        }
        catch (Exception e) when (SampleFaults.Translate(e, SampleFaults.ForSamples) is { } refused)
        {
            intake.Refusals.Add(refused.Reason, refused.Error.Message);
            if (refused.Error.Status == StatusCodes.Status503ServiceUnavailable)
                context.Response.Headers.RetryAfter = "1";
            throw refused.Error;
        }
    }

    private static async Task<(IReadOnlyList<SampleInFlight> Samples, BatchEvidence? Evidence)> ReadAsync(HttpContext context, IntakeServices intake)
    {
        var request = context.Request;
        var signature = SampleIntakeEndpoints.SignatureOf(request);
        // The body is counted here, against a limit of our own that also holds after unpacking.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var body = await RequestBody.ReadAsync(
            request.BodyReader, request.Headers.ContentEncoding, request.ContentLength, intake.Limits.MaxBodyBytes, intake.Budget, context.RequestAborted);
        intake.Metrics.Received(body.SentBytes);
        var bytes = body.Bytes.ToArray();
        var samples = PublishedBody.ReadSamples(bytes);
        if (samples.Count > intake.Limits.MaxSamples)
            throw new ApiException(StatusCodes.Status413PayloadTooLarge, $"There are {samples.Count} samples; at most {intake.Limits.MaxSamples} are taken at once.");
        for (var i = 0; i < samples.Count; i++)
            Check(i, samples[i], context.Caller(), intake.Limits);
        return (samples, signature is null ? null : new(signature, signature.Over == SignedContent.Body ? bytes : default, request.ContentType));
    }

    private static void Check(int index, SampleInFlight sample, Caller caller, SampleLimits limits)
    {
        if (caller.LimitedToProject is { } own && sample.Series.ProjectId != own)
            throw new SampleFaultException(new(SampleFaultKind.Invalid, index, "project_id", sample.Series.ProjectId, "can not post samples to other projects"));
        if (sample.Metadata.Utf8.Length > limits.MaxMetadataBytes)
            throw new FormatException($"Sample {index}: 'resource_metadata' has {sample.Metadata.Utf8.Length} bytes; at most {limits.MaxMetadataBytes} are kept.");
    }

    /// <summary>Follows from the samples' ids, so that a body that the publisher sends again (its <c>max_retries</c>) is stored once.</summary>
    private static EventId IdOf(HttpContext context, SampleBatch batch)
    {
        if (batch.Count == 0 || batch.MessageIds is null)
            return context.NewEventId();
        var name = new StringBuilder("intake");
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.MessageIds[i] is not { } id)
                return context.NewEventId();
            name.Append('\n').Append(id.Length).Append(':').Append(id);
        }
        return EventId.FromName(Encoding.UTF8.GetBytes(name.ToString()));
    }
}
