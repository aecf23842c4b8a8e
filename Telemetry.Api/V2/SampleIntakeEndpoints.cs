using Microsoft.AspNetCore.Http.Features;
using Telemetry.Api.Auth;
using Telemetry.Api.Intake;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Samples;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.V2;

/// <summary>The way of a sample over HTTP, from the request to the answer: Ceilometer's <c>POST /v2/meters/{name}</c> and our <c>POST /v2/samples</c>.</summary>
internal static class SampleIntakeEndpoints
{
    private static readonly string[] JsonTypes = ["application/json", "text/javascript", "application/javascript"];

    private static readonly Argument Direct = new("direct", ArgumentKind.Text, "True: the samples are stored as they are. Otherwise they go through the pipelines, where there are any. Either way before the answer.");
    private static readonly Call MeterCall = new(JsonFormat, SampleFaults.ForMeter);
    private static readonly Call SamplesCall = new(AnyFormat, SampleFaults.ForSamples);

    /// <summary>In what the two calls differ, beside their rules for samples.</summary>
    private sealed record Call(Func<HttpRequest, SampleFormat> Format, Func<SampleFault, ApiException> Translate);

    public static void MapSampleIntake(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v2/meters/{name}", PostMeterAsync)
            .Takes(Direct).Reads("OldSample", list: true).Answers("OldSample", list: true, status: StatusCodes.Status201Created)
            .WithTags("Meters").WithName("post_meter_samples").WithSummary("Posts samples of one meter, as Ceilometer takes them.");
        routes.MapPost("/v2/samples", PostSamplesAsync)
            .Takes().Reads("OldSample", list: true).Answers("OldSample", list: true, status: StatusCodes.Status201Created)
            .WithTags("Samples").WithName("post_samples").WithSummary("Posts samples of any meters: a JSON list, NDJSON or the compact format.");
    }

    /// <summary>Samples that are not <c>direct</c> go through the pipelines; unlike with Ceilometer they are stored before the answer, too.</summary>
    private static Task PostMeterAsync(HttpContext context, [AsParameters] IntakeServices intake)
    {
        var (caller, name) = (context.Caller(), PathSegments.Decoded(context, "name", fromEnd: 0));
        return PostAsync(context, intake, MeterCall, SampleRules.ForMeter(name, caller.ProjectId, caller.UserId, caller.LimitedToProject));
    }

    private static Task PostSamplesAsync(HttpContext context, [AsParameters] IntakeServices intake)
    {
        var caller = context.Caller();
        return PostAsync(context, intake, SamplesCall, SampleRules.ForMessages(caller.ProjectId, caller.UserId, caller.LimitedToProject));
    }

    private static async Task PostAsync(HttpContext context, IntakeServices intake, Call call, SampleRules rules)
    {
        try
        {
            var arguments = Arguments.OfQueryString(context);
            var format = call.Format(context.Request);
            var id = IdOf(context);
            var (parsed, evidence) = await ReadAsync(context, intake, format, rules);
            intake.Signatures.Demand("rest", evidence, parsed);
            if (parsed.Dropped > 0)
                intake.Refusals.AddDropped(parsed.Dropped);
            var pipelines = call == MeterCall && evidence is null && !IsDirect(arguments) ? context.RequestServices.GetService<PostedSamples>() : null;
            var accepted = pipelines is { AreTransformed: true }
                ? await pipelines.AcceptAsync(parsed.Batch, id, "rest", context.RequestAborted)
                : await intake.Samples.AcceptAsync(parsed.Batch, id, "rest", evidence, context.RequestAborted);
            await AnswerAsync(context, parsed, accepted);
        }
        catch (Exception e) when (SampleFaults.Translate(e, call.Translate) is { } refused)
        {
            intake.Refusals.Add(refused.Reason, refused.Error.Message);
            throw refused.Error;
        }
    }

    private static bool IsDirect(Arguments arguments) => arguments.Text(Direct) is { } text && TypedValue.Boolean(text) == true;

    private static async Task<(ParsedSamples Parsed, BatchEvidence? Evidence)> ReadAsync(HttpContext context, IntakeServices intake, SampleFormat format, SampleRules rules)
    {
        var request = context.Request;
        var signature = SignatureOf(request);
        // The body is counted here, against a limit of our own that also holds after unpacking.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var body = await RequestBody.ReadAsync(
            request.BodyReader, request.Headers.ContentEncoding, request.ContentLength, intake.Limits.MaxBodyBytes, intake.Budget, context.RequestAborted);
        intake.Metrics.Received(body.SentBytes);
        if (format == SampleFormat.Compact && signature is { Over: SignedContent.Body } && SampleBatchCodec.Refers(body.Bytes))
            throw ApiException.BadRequest("A body that refers to a dictionary proves nothing by its bytes alone. Sign it over=streams, or send the dictionary along.");
        var parsed = intake.Reader.Read(body.Bytes, format, rules);
        return (parsed, signature is null ? null : new(signature, signature.Over == SignedContent.Body ? body.Bytes.ToArray() : default, request.ContentType));
    }

    /// <summary>The sender's signature; null where there is none.</summary>
    /// <exception cref="ApiException">400: the header is none.</exception>
    public static BatchSignature? SignatureOf(HttpRequest request)
    {
        var headers = request.Headers[BatchSignature.HeaderName];
        try
        {
            return headers.Count == 0 ? null : BatchSignature.Parse(headers.ToString());
        }
        catch (FormatException e)
        {
            throw ApiException.BadRequest(e.Message);
        }
    }

    private static async Task AnswerAsync(HttpContext context, ParsedSamples parsed, AcceptedSamples accepted)
    {
        var response = context.Response;
        response.Headers["Telemetry-Position"] = accepted.Position.ToString();
        if (parsed.Dropped > 0)
            response.Headers["Telemetry-Dropped"] = parsed.Dropped.ToString();
        if (accepted.AlreadyStored)
            response.Headers["Idempotent-Replayed"] = "true";
        if (JsonAnswer.PrefersMinimal(context.Request))
        {
            JsonAnswer.WriteMinimal(response);
            return;
        }
        await JsonAnswer.WriteListAsync(context, accepted.Batch.Count, new SampleEcho(accepted, parsed.Given).Write, StatusCodes.Status201Created);
    }

    /// <summary>The event's id: from the caller's project and its Idempotency-Key where it gives one, so that a repeat is stored once.</summary>
    private static EventId IdOf(HttpContext context)
    {
        var keys = context.Request.Headers["Idempotency-Key"];
        if (keys.Count == 0)
            return context.NewEventId();
        var key = keys.ToString();
        if (keys.Count > 1 || key.Length is 0 or > SamplePosts.MaxKeyLength)
            throw ApiException.InvalidInput("Idempotency-Key", key.Length > SamplePosts.MaxKeyLength ? $"{key[..SamplePosts.MaxKeyLength]}…" : key, $"It has 1 to {SamplePosts.MaxKeyLength} characters.");
        return SamplePosts.IdOf(context.Caller(), key);
    }

    private static SampleFormat JsonFormat(HttpRequest request) =>
        MediaType(request) is not { } type || JsonTypes.Contains(type) || IsWithoutBody(request)
            ? SampleFormat.Json
            : throw SampleFaults.UnknownMediaType(type);

    private static SampleFormat AnyFormat(HttpRequest request) => MediaType(request) switch
    {
        "application/x-ndjson" or "application/jsonl" or "application/x-jsonlines" => SampleFormat.JsonLines,
        SampleBatchCodec.ContentType => SampleFormat.Compact,
        _ => JsonFormat(request),
    };

    /// <summary>Without parameters, in lower case; null where none was given.</summary>
    private static string? MediaType(HttpRequest request) =>
        string.IsNullOrEmpty(request.ContentType) ? null : request.ContentType.Split(';')[0].Trim().ToLowerInvariant();

    private static bool IsWithoutBody(HttpRequest request) =>
        request.ContentLength == 0 || request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false };
}

/// <summary>What the endpoints of the intake work with.</summary>
internal sealed record IntakeServices(
    SampleIntake Samples, SampleReader Reader, SampleLimits Limits, BodyBudget Budget, IntakeMetrics Metrics, Refusals Refusals, SignatureCheck Signatures);
