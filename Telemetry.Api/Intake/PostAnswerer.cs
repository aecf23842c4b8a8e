using Microsoft.AspNetCore.Http.Features;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Json;
using Telemetry.Ingest.Posts;

namespace Telemetry.Api.Intake;

/// <summary>Answers the POSTs that another process hands over, on the way that every request takes.</summary>
internal sealed class PostAnswerer(IServiceScopeFactory scopes) : IPostHandler
{
    private readonly TaskCompletionSource<RequestDelegate> _requests = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>To be the first of the middlewares: it is given the way of a request.</summary>
    public RequestDelegate Learn(RequestDelegate next)
    {
        _requests.SetResult(next);
        return next;
    }

    /// <summary>To be the first after routing: what is handed over is for the intake, or not taken.</summary>
    public static Task DemandIntakeAsync(HttpContext context, RequestDelegate next) => context.Features.Get<Post>() is null || context.IsIntake()
        ? next(context)
        : throw ApiException.Plain(StatusCodes.Status404NotFound, "Not Found: the resource could not be found.");

    public async Task<PostAnswer> AnswerAsync(Post post, CancellationToken ct)
    {
        var requests = await _requests.Task.WaitAsync(ct);
        await using var scope = scopes.CreateAsyncScope();
        using var body = new BoundedBody();
        var context = ContextOf(post, scope, body, ct);
        await requests(context);
        await context.Response.CompleteAsync();
        ct.ThrowIfCancellationRequested(); // then nothing was answered
        var response = context.Response;
        if (body.IsTooLong)
        {
            response.Headers.ContentType = default;
            JsonAnswer.WriteMinimal(response); // it is stored; the echo alone is left out
        }
        return new(new(post.Head.Id, response.StatusCode, response.Headers.ToDictionary(h => h.Key, h => h.Value.ToArray())), body.IsTooLong ? default : body.Written);
    }

    private static DefaultHttpContext ContextOf(Post post, AsyncServiceScope scope, BoundedBody answer, CancellationToken ct)
    {
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider, RequestAborted = ct };
        context.Features.Set(post);
        var request = context.Request;
        (request.Method, request.Protocol, request.Scheme) = (HttpMethods.Post, HttpProtocol.Http11, Uri.UriSchemeHttp);
        (request.Path, request.QueryString) = (post.Head.Path, new(post.Head.Query));
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = post.Head.RawTarget;
        foreach (var (name, values) in post.Head.Headers)
            request.Headers[name] = values;
        request.ContentLength = post.Body.Length;
        request.Body = new MemoryStream(post.Body.ToArray(), writable: false);
        context.Response.Body = answer;
        return context;
    }

    /// <summary>Keeps what the bus carries at most, and no more.</summary>
    private sealed class BoundedBody : MemoryStream
    {
        public bool IsTooLong { get; private set; }

        public ReadOnlyMemory<byte> Written => GetBuffer().AsMemory(0, (int)Length);

        public override void Write(byte[] buffer, int offset, int count) // what all other writing comes to
        {
            IsTooLong |= Length + count > PostSender.MaxBodyBytes;
            if (!IsTooLong)
                base.Write(buffer, offset, count);
        }
    }
}
