using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.Tests.GraphQL;

/// <summary>The bookshop behind an endpoint.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    /// <summary>Longer than the endpoint has by default: a test's client may have to wait for its processor.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The same for the program as a process.</summary>
    public static readonly IReadOnlyDictionary<string, string> PatientServer = new Dictionary<string, string> { ["TELEMETRY__GraphQL__ClientTimeoutSeconds"] = $"{Patience.TotalSeconds}" };

    private readonly WebApplication _app;

    private TestHost(WebApplication app) => _app = app;

    public Shop Shop => _app.Services.GetRequiredService<Shop>();

    public IServiceProvider Services => _app.Services;

    public RequestExecutor Executor => _app.Services.GetRequiredService<RequestExecutor>();

    public TestServer Server => _app.GetTestServer();

    public HttpClient Client => _app.GetTestClient();

    /// <summary>Of a host with a port of its own.</summary>
    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/graphql";

    public static Task<TestHost> StartAsync(Action<IRequestExecutorBuilder>? configure = null) => StartAsync(configure, onPort: false);

    /// <summary>For clients in another process, and for those that break HTTP.</summary>
    public static Task<TestHost> StartOnPortAsync(Action<IRequestExecutorBuilder>? configure = null, Action<KestrelServerOptions>? kestrel = null, string pathBase = "") =>
        StartAsync(configure, onPort: true, kestrel, pathBase);

    /// <summary>Without HTTP.</summary>
    public async Task<JsonNode> ExecuteAsync(string document, object? variables = null, string? operationName = null)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var result = await Executor.ExecuteAsync(
            new OperationRequest
            {
                Document = document,
                OperationName = operationName,
                Variables = variables is null ? null : JsonSerializer.SerializeToElement(variables),
                ContextData = new Dictionary<string, object?> { ["user"] = "Ada" },
            },
            scope.ServiceProvider,
            TestContext.Current.CancellationToken);
        return Json(Assert.IsType<ExecutionResult.Single>(result).Result);
    }

    /// <summary>As the client would read it.</summary>
    public static JsonNode Json(OperationResult result)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        ResultFormatter.Write(buffer, result, "trace");
        return JsonNode.Parse(buffer.WrittenSpan)!;
    }

    public async Task<(HttpResponseMessage Response, string Body)> PostAsync(string json, string? accept = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql") { Content = new StringContent(json, System.Text.Encoding.UTF8) };
        request.Content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(contentType);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        var response = await Client.SendAsync(request);
        return (response, await response.Content.ReadAsStringAsync());
    }

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static async Task<TestHost> StartAsync(Action<IRequestExecutorBuilder>? configure, bool onPort, Action<KestrelServerOptions>? kestrel = null, string pathBase = "")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (onPort)
            builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel ?? (_ => { }));
        else
            builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<Shop>();
        var graphql = builder.Services.AddGraphQLServer()
            .ConfigureSchema(schema => schema
                .AddTypes(typeof(BookQueries), typeof(BookMutations), typeof(BookSubscriptions), typeof(AuthorFields), typeof(BookFields))
                .AddGlobalObjectIdentification())
            .AddAuthorizationHandler<Librarians>()
            .AddHttpRequestInterceptor<UserOfHeader>()
            .ModifyServerOptions(o => o.ClientTimeout = Patience);
        configure?.Invoke(graphql);
        var app = builder.Build();
        if (pathBase.Length > 0)
            app.UsePathBase(pathBase).UseRouting();
        app.MapGraphQL();
        await app.StartAsync();
        return new(app);
    }

    private sealed class Librarians : IAuthorizationHandler
    {
        public ValueTask<bool> IsAllowedAsync(IResolverContext context, AuthorizeAttribute attribute) =>
            new(attribute.Policy == "librarians" && context.ContextData["user"] is "librarian");
    }

    private sealed class UserOfHeader : IHttpRequestInterceptor
    {
        public ValueTask OnCreateAsync(HttpContext context, IDictionary<string, object?> state, CancellationToken ct)
        {
            state["user"] = context.Request.Headers["X-User"].FirstOrDefault() ?? "nobody";
            return default;
        }
    }
}
