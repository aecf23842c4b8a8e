using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Telemetry.Conformance;

/// <summary>A server on loopback that keeps what is posted to it.</summary>
public sealed class Webhook : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Webhook(WebApplication app) => _app = app;

    /// <summary>Completes with the first request.</summary>
    public Task Called => _called.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    public ConcurrentQueue<(string Path, string Body, IHeaderDictionary Headers)> Received { get; } = [];

    public string Url => _app.Urls.Single();

    /// <param name="answer">What to answer; 200 without it.</param>
    /// <param name="address">Where to listen.</param>
    public static async Task<Webhook> StartAsync(RequestDelegate? answer = null, string address = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        var app = builder.Build();
        var webhook = new Webhook(app);
        app.Run(async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            webhook.Received.Enqueue((context.Request.Path + context.Request.QueryString, await body.ReadToEndAsync(), new HeaderDictionary(context.Request.Headers.ToDictionary())));
            webhook._called.TrySetResult();
            if (answer is not null)
                await answer(context);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return webhook;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
