using Microsoft.AspNetCore.Http.Features;
using Telemetry.Api.V2;
using Telemetry.Domain.Audit;
using Telemetry.Ingest.Posts;
using Telemetry.Ingest.Samples;

namespace Telemetry.Api.Intake;

/// <summary>Hands what is posted to the intake over to a process with the role ingest, unread, and answers what that answers.</summary>
internal sealed class PostForwarder(RequestDelegate next, PostSender sender, SampleLimits limits, BodyBudget budget, Refusals refusals)
{
    /// <summary>All that the intake goes by; what else a client sends, such as a token, stays here.</summary>
    private static readonly string[] Headers =
        ["Content-Type", "Content-Encoding", "Accept", "Prefer", "Idempotency-Key", BatchSignature.HeaderName, "X-Roles", "X-User-Id", "X-Project-Id"];

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.IsIntake())
        {
            await next(context);
            return;
        }
        try
        {
            var answer = await sender.SendAsync(new(Head(context), await ReadAsync(context)), context.RequestAborted);
            await WriteAsync(context.Response, answer);
        }
        catch (Exception e) when (SampleFaults.Translate(e, SampleFaults.ForSamples) is { } refused)
        {
            refusals.Add(refused.Reason, refused.Error.Message);
            throw refused.Error;
        }
    }

    private static PostHead Head(HttpContext context)
    {
        var request = context.Request;
        return new(
            Guid.NewGuid(), request.Path.Value ?? "", request.QueryString.Value ?? "", context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "",
            Headers.Where(request.Headers.ContainsKey).ToDictionary(name => name, name => request.Headers[name].ToArray()));
    }

    private async Task<byte[]> ReadAsync(HttpContext context)
    {
        // The body is counted here, against a limit of our own.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var body = await RequestBody.ReadAsync(
            context.Request.BodyReader, contentEncoding: null, context.Request.ContentLength, Math.Min(limits.MaxBodyBytes, PostSender.MaxBodyBytes), budget, context.RequestAborted);
        return body.Bytes.ToArray(); // a rented buffer could be someone else's before the bus has let go of it
    }

    private static async Task WriteAsync(HttpResponse response, PostAnswer answer)
    {
        response.StatusCode = answer.Head.Status;
        foreach (var (name, values) in answer.Head.Headers)
            response.Headers.TryAdd(name, values); // the request's id is the one of this process
        if (!answer.Body.IsEmpty)
            await response.BodyWriter.WriteAsync(answer.Body, response.HttpContext.RequestAborted);
    }
}
