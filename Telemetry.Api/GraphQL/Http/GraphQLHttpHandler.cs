using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;
using ServerSentEvents = Telemetry.Api.Http.ServerSentEvents;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>The endpoint: sockets, POST, GET, schema, page. Source: GraphQL over HTTP (draft), in the reading of graphql-http's audits.</summary>
internal sealed class GraphQLHttpHandler(
    RequestExecutor executor, GraphQLServerOptions options, GraphQLMetrics metrics, IEnumerable<IHttpRequestInterceptor> interceptors, IEnumerable<IGraphQLTool> tools,
    TimeProvider time, IHostApplicationLifetime lifetime, ILogger<GraphQLHttpHandler> log)
{
    /// <summary>The header that a GET needs once CORS is on. HotChocolate's name.</summary>
    public const string PreflightHeader = "GraphQL-Preflight";

    private readonly IHttpRequestInterceptor[] _interceptors = [.. interceptors];
    private readonly IGraphQLTool? _tool = tools.FirstOrDefault();
    private int _sockets;

    public RequestExecutor Executor => executor;

    public GraphQLServerOptions Options => options;

    public TimeProvider Time => time;

    /// <summary>Cancelled when the server stops: what would go on for ever ends then.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    public GraphQLMetrics Metrics => metrics;

    /// <summary>Sockets and streams of events that are open.</summary>
    public int Sockets => Volatile.Read(ref _sockets);

    /// <summary>Takes the place of a socket or a stream of events, until it is disposed.</summary>
    /// <exception cref="BadRequestException">All are taken.</exception>
    public IDisposable Open()
    {
        if (Interlocked.Increment(ref _sockets) <= options.Sockets.MaxSockets)
            return new Place(this, metrics.Connection());
        Interlocked.Decrement(ref _sockets);
        throw new BadRequestException($"The server carries {options.Sockets.MaxSockets} sockets already.", StatusCodes.Status503ServiceUnavailable);
    }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (BadRequestException e)
        {
            await RefuseAsync(context, e.Status, new Error(e.Message) { Code = e.Code });
        }
        catch (GraphQLException e)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, e.Errors);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            // The body came too slowly, broke off, or was larger than the server takes.
            await RefuseAsync(context, e.StatusCode, new Error("The request's body did not arrive.") { Code = ErrorCodes.BadRequest });
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The client left: there is nobody to answer.
        }
#pragma warning disable CA1031 // The last one to see it: logged, and told as an error without internals.
        catch (Exception e) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            Log.RequestFailed(log, e);
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, new Error("The server failed.") { Code = ErrorCodes.Internal });
        }
    }

    /// <summary>A request's state for its resolvers.</summary>
    public async ValueTask<IDictionary<string, object?>> StateOfAsync(HttpContext context, CancellationToken ct)
    {
        var state = new Dictionary<string, object?>(StringComparer.Ordinal) { [nameof(HttpContext)] = context };
        foreach (var interceptor in _interceptors)
            await interceptor.OnCreateAsync(context, state, ct);
        return state;
    }

    private Task RouteAsync(HttpContext context)
    {
        var slug = (context.GetRouteValue("slug") as string ?? "").TrimEnd('/');
        if (context.WebSockets.IsWebSocketRequest)
            return slug.Length == 0 ? SocketHandler.HandleAsync(context, this, log) : NotFoundAsync(context);
        var method = context.Request.Method;
        if (HttpMethods.IsPost(method))
            return slug.Length == 0 ? PostAsync(context) : NotFoundAsync(context);
        if (!HttpMethods.IsGet(method))
        {
            context.Response.Headers.Allow = "GET, POST";
            throw new BadRequestException($"{method} is not offered: GET and POST are.", StatusCodes.Status405MethodNotAllowed);
        }

        var query = context.Request.Query;
        if (slug.Length == 0 && (query.ContainsKey("query") || query.ContainsKey("extensions")))
            return GetAsync(context);
        if (options.EnableSchemaRequests && ((slug.Length == 0 && query.ContainsKey("sdl")) || slug == "schema.graphql"))
            return SchemaAsync(context);
        return ToolAsync(context, slug);
    }

    private async Task ToolAsync(HttpContext context, string slug)
    {
        var isPage = slug.Length > 0 || context.Request.GetTypedHeaders().Accept.Any(a => a.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase));
        if (!isPage)
            throw new BadRequestException("The request has no \"query\".");
        if (!options.Tool.Enable || _tool is null || !await _tool.TryServeAsync(context, slug))
            await NotFoundAsync(context);
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private Task SchemaAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "application/graphql; charset=utf-8";
        response.Headers.ContentDisposition = "attachment; filename=\"schema.graphql\"";
        return response.WriteAsync(SchemaPrinter.Print(executor.Schema), Encoding.UTF8, context.RequestAborted);
    }

    private async Task GetAsync(HttpContext context)
    {
        if (!options.EnableGetRequests)
        {
            context.Response.Headers.Allow = "POST";
            throw new BadRequestException("Queries by GET are switched off.", StatusCodes.Status405MethodNotAllowed);
        }

        if (options.EnforceGetRequestsPreflightHeader && !context.Request.Headers.ContainsKey(PreflightHeader))
            throw new BadRequestException($"A query by GET needs the header \"{PreflightHeader}: 1\".");
        var accepted = Negotiate(context);
        context.Response.Headers.CacheControl = "private, no-cache";
        var request = RequestReader.Read(context.Request.Query, options.MaxJsonDepth);
        await ExecuteAsync(context, request, accepted, isGet: true);
    }

    private async Task PostAsync(HttpContext context)
    {
        CheckContentType(context.Request);
        var accepted = Negotiate(context);
        var json = RequestReader.Parse(await ReadBodyAsync(context.Request), options.MaxJsonDepth);
        if (json.ValueKind == JsonValueKind.Array)
            await BatchAsync(context, json, accepted);
        else
            await ExecuteAsync(context, RequestReader.Read(json), accepted, isGet: false);
    }

    private static Accepted Negotiate(HttpContext context)
    {
        context.Response.Headers.Vary = HeaderNames.Accept;
        var accepted = ContentNegotiation.Negotiate(context.Request.Headers.Accept);
        return accepted.Json is null && !accepted.TakesEvents
            ? throw new BadRequestException(
                $"Answers are {ContentNegotiation.Json}, {ContentNegotiation.GraphQLResponse} or {ContentNegotiation.EventStream}.", StatusCodes.Status406NotAcceptable)
            : accepted;
    }

    /// <summary>Only JSON: a page of another site cannot send it without asking first.</summary>
    private static void CheckContentType(HttpRequest request)
    {
        var isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals(ContentNegotiation.Json, StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
        if (!isJson)
            throw new BadRequestException($"A request is {ContentNegotiation.Json} in UTF-8.", StatusCodes.Status415UnsupportedMediaType);
    }

    /// <summary>A body that stops coming is given up: the server's own least rate would wait far longer.</summary>
    private async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request)
    {
        var limit = options.MaxRequestSize;
        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? 4_096, 256, limit + 1L));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(request.HttpContext.RequestAborted);
        var timer = time.CreateTimer(static p => ((CancellationTokenSource)p!).Cancel(), patience, options.ClientTimeout, Timeout.InfiniteTimeSpan);
        await using (timer)
        {
            try
            {
                while (request.ContentLength is null || request.ContentLength <= limit)
                {
                    var reading = request.Body.ReadAsync(body.GetMemory(1_024), patience.Token);
                    if (!reading.IsCompleted)
                        timer.Change(options.ClientTimeout, Timeout.InfiniteTimeSpan);
                    var read = await reading;
                    if (read == 0)
                        return body.WrittenMemory;
                    body.Advance(read);
                    if (body.WrittenCount > limit)
                        break;
                }
            }
            catch (OperationCanceledException) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
            {
                request.HttpContext.Response.Headers.Connection = "close";
                throw new BadRequestException($"Nothing of the request's body came for {options.ClientTimeout.TotalSeconds:0.###} s.", StatusCodes.Status408RequestTimeout);
            }
        }

        throw new BadRequestException($"A request has at most {limit} bytes.", StatusCodes.Status413PayloadTooLarge);
    }

    private async Task ExecuteAsync(HttpContext context, OperationRequest request, Accepted accepted, bool isGet)
    {
        CheckDocument(request);
        var isRefused = false;
        request = request with
        {
            ContextData = await StateOfAsync(context, context.RequestAborted),
            IsAllowed = operation =>
            {
                var isAllowed = operation switch
                {
                    OperationType.Mutation => !isGet,
                    OperationType.Subscription => accepted.TakesEvents,
                    _ => true,
                };
                isRefused |= !isAllowed && operation == OperationType.Mutation;
                return isAllowed;
            },
        };
        using var place = accepted.TakesEvents ? Open() : null;
        using var streaming = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, accepted.TakesEvents ? Stopping : CancellationToken.None);
        var result = await executor.ExecuteAsync(request, context.RequestServices, streaming.Token);
        switch (result)
        {
            case ExecutionResult.ResponseStream stream:
                await WriteEventsAsync(context, stream.Results, streaming.Token);
                break;
            case ExecutionResult.Single { Result: var single } when accepted.Json is null && single.HasData:
                await WriteEventsAsync(context, Once(single), streaming.Token);
                break;
            case ExecutionResult.Single { Result: var single }:
                if (isRefused)
                    context.Response.Headers.Allow = "POST";
                await WriteAsync(context, isRefused ? StatusCodes.Status405MethodNotAllowed : StatusOf(single, accepted), accepted, single);
                break;
        }
    }

    /// <summary>Results as server-sent events. Source: graphql-sse's protocol, «distinct connections mode».</summary>
    private async Task WriteEventsAsync(HttpContext context, IAsyncEnumerable<OperationResult> results, CancellationToken ct)
    {
        var traceId = ResultFormatter.TraceIdOf(context);
        var isWhole = await ServerSentEvents.WriteAsync(context, results, (body, result) =>
        {
            body.Write("event: next\ndata: "u8);
            ResultFormatter.Write(body, result, traceId);
            body.Write("\n\n"u8);
        }, options.StreamKeepAliveInterval, options.ClientTimeout, time, reason => metrics.Refused(ErrorCodes.SlowSubscriber, reason), ct);
        if (isWhole)
            await context.Response.BodyWriter.WriteAsync("event: complete\ndata:\n\n"u8.ToArray(), ct);
    }

    private async Task BatchAsync(HttpContext context, JsonElement json, Accepted accepted)
    {
        var count = json.GetArrayLength();
        if (count == 0 || count > options.MaxBatchSize)
        {
            throw new BadRequestException(options.MaxBatchSize == 0
                ? "Requests come one at a time."
                : $"A batch has 1 to {options.MaxBatchSize} requests, not {count}.");
        }

        if (accepted.Json is null)
            throw new BadRequestException("A batch is answered in JSON.", StatusCodes.Status406NotAcceptable);
        var requests = json.EnumerateArray().Select(RequestReader.Read).ToList();
        requests.ForEach(CheckDocument);
        var state = await StateOfAsync(context, context.RequestAborted);
        var results = new List<OperationResult>(count);
        foreach (var request in requests)
        {
            var result = await executor.ExecuteAsync(
                request with { ContextData = state, IsAllowed = static o => o != OperationType.Subscription }, context.RequestServices, context.RequestAborted);
            results.Add(((ExecutionResult.Single)result).Result);
        }

        Begin(context, StatusCodes.Status200OK, accepted);
        ResultFormatter.Write(context.Response.BodyWriter, results, ResultFormatter.TraceIdOf(context));
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void CheckDocument(OperationRequest request)
    {
        if (string.IsNullOrEmpty(request.Document) && request.PersistedHash is null)
            throw new BadRequestException("The request has no \"query\".");
    }

    /// <summary>The older media type speaks of GraphQL's errors with 200.</summary>
    private int StatusOf(OperationResult result, Accepted accepted)
    {
        if (result.HasData || accepted.IsLegacy)
            return StatusCodes.Status200OK;
        var isUnreadable = result.Errors.Any(e => e.Code is ErrorCodes.ParseFailed or SyntaxException.LimitCode or ErrorCodes.BadRequest);
        return options.UseUnprocessableContent && !isUnreadable ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status400BadRequest;
    }

    private Task RefuseAsync(HttpContext context, int status, params IReadOnlyList<IError> errors)
    {
        metrics.Refused(errors);
        var accepted = ContentNegotiation.Negotiate(context.Request.Headers.Accept);
        return WriteAsync(context, status, accepted, OperationResult.RequestError(errors));
    }

    private static async Task WriteAsync(HttpContext context, int status, Accepted accepted, OperationResult result)
    {
        Begin(context, status, accepted);
        ResultFormatter.Write(context.Response.BodyWriter, result, ResultFormatter.TraceIdOf(context));
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void Begin(HttpContext context, int status, Accepted accepted)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = $"{accepted.Json ?? ContentNegotiation.Json}; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
    }

    private static async IAsyncEnumerable<OperationResult> Once(OperationResult result)
    {
        await Task.CompletedTask;
        yield return result;
    }

    private sealed class Place(GraphQLHttpHandler handler, IDisposable counted) : IDisposable
    {
        public void Dispose()
        {
            counted.Dispose();
            Interlocked.Decrement(ref handler._sockets);
        }
    }
}
