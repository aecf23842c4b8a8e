using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Agents.Alarms;
using Telemetry.Api.Intake;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Audit;
using Telemetry.Api.V2.Events;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Samples;
using Telemetry.Projections;
using Telemetry.Projections.Events;
using Telemetry.Projections.Running;

namespace Telemetry.Api.Tests.Support;

/// <summary>The REST API over a reader that cannot be wrong; in memory, or on a real server where raw requests matter.</summary>
/// <remarks>The same tests run on the stores: see <see cref="StoredReader"/>.</remarks>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly StoredReader? _stored;
    private readonly PostgresDatabase? _database;
    private readonly TemporaryDirectory? _directory;

    private ApiHost(WebApplication app, StoredReader? stored, PostgresDatabase? database, TemporaryDirectory? directory = null) =>
        (_app, _stored, _database, _directory) = (app, stored, database, directory);

    /// <summary>Where Kestrel listens, for <see cref="RawHttp"/>.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static Task<ApiHost> StartAsync(IMeteringReader? reader = null, params (string Key, string Value)[] settings) => StartAsync(reader, false, settings);

    public static Task<ApiHost> StartKestrelAsync(IMeteringReader? reader = null, params (string Key, string Value)[] settings) => StartAsync(reader, true, settings);

    /// <summary>The REST API with alarms, over an event store in memory.</summary>
    public static Task<ApiHost> StartAlarmsAsync(TimeProvider time, IMeteringReader? reader = null, params (string Key, string Value)[] settings) =>
        StartAsync(reader, false, settings, time);

    /// <summary>The REST API with telemetry events, streams and alarms that they fire, over an event store in memory and read models in a file, or all of it in PostgreSQL.</summary>
    public static async Task<ApiHost> StartEventsAsync(params (string Key, string Value)[] settings)
    {
        var directory = new TemporaryDirectory();
        var database = await TestStore.DatabaseAsync();
        var builder = Builder(settings);
        builder.WebHost.UseTestServer();
        builder.Services.AddTelemetryApi();
        builder.Services.AddAuditApi();
        builder.Services.AddSampleIntake();
        builder.Services.AddEventApi();
        builder.Services.AddTestStores(database, TimeProvider.System);
        builder.Services.Configure<ProjectionsOptions>(o => o.Directory = directory.Path);
        builder.Services.AddTelemetryProjections();
        builder.Services.AddTelemetryEvents();
        builder.Services.AddSingleton<IProjectionProgress>(s => s.GetRequiredService<ProjectionRunner>());
        builder.Services.AddAlarms();
        builder.Services.AddAlarmAgents();
        var app = builder.Build();
        app.UseRecordedAnswers().UseTelemetryApi();
        app.MapV2();
        app.MapIntake();
        app.MapEvents();
        app.MapAuditApi(tree: false);
        app.MapAlarms();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, null, database, directory);
    }

    public IServiceProvider Services => _app.Services;

    public Task<HttpAnswer> PutAsync(string target, string body, params (string Name, string Value)[] headers) =>
        SendAsync("PUT", target, body, [("Content-Type", "application/json"), .. headers]);

    public Task<HttpAnswer> DeleteAsync(string target, params (string Name, string Value)[] headers) => SendAsync("DELETE", target, null, headers);

    public Task<HttpAnswer> GetAsync(string target, params (string Name, string Value)[] headers) => SendAsync("GET", target, null, headers);

    public Task<HttpAnswer> PostAsync(string target, string body, params (string Name, string Value)[] headers) =>
        SendAsync("POST", target, body, [("Content-Type", "application/json"), .. headers]);

    /// <summary>Sends a request with its path and query string as they are given: nothing is normalised on the way.</summary>
    public async Task<HttpAnswer> SendAsync(string method, string target, string? body, params (string Name, string Value)[] headers)
    {
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var context = await _app.GetTestServer().SendAsync(c =>
        {
            c.Request.Method = method;
            c.Request.Scheme = "http";
            c.Request.Host = new HostString("telemetry.example:8777");
            c.Request.Path = query < 0 ? target : target[..query];
            c.Request.QueryString = new QueryString(query < 0 ? "" : target[query..]);
            foreach (var (name, value) in headers)
                c.Request.Headers.Append(name, value);
            if (body is not null)
            {
                var bytes = Encoding.UTF8.GetBytes(body);
                c.Request.Body = new MemoryStream(bytes);
                c.Request.ContentLength = bytes.Length;
            }
        }, TestContext.Current.CancellationToken);
        using var text = new StreamReader(context.Response.Body, Encoding.UTF8);
        return new((HttpStatusCode)context.Response.StatusCode, context.Response.Headers, await text.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        if (_directory is not null)
            await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await TestStore.GiveBackAsync(_database);
        if (_stored is not null)
            await _stored.DisposeAsync();
        _directory?.Dispose();
    }

    private static WebApplicationBuilder Builder((string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.Logging.ClearProviders();
        return builder;
    }

    private static async Task<ApiHost> StartAsync(IMeteringReader? reader, bool kestrel, (string Key, string Value)[] settings, TimeProvider? alarmTime = null)
    {
        var stored = reader is BruteForceReader truth ? await StoredReader.OfAsync(truth) : null;
        reader = stored?.Reader ?? reader ?? await StoredReader.OfStandardSamplesAsync();
        var database = alarmTime is null ? null : await TestStore.DatabaseAsync();
        var builder = Builder(settings);
        if (kestrel)
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        else
            builder.WebHost.UseTestServer();
        builder.Services.AddTelemetryApi();
        builder.Services.AddSingleton(reader);
        builder.Services.AddSampleIntake();
        builder.Services.AddSingleton<IProjectionProgress, NothingToWaitFor>();
        if (alarmTime is not null)
        {
            builder.Services.AddSingleton(alarmTime);
            builder.Services.AddTestStores(database, alarmTime);
            builder.Services.AddAlarms();
        }
        else
        {
            builder.Services.AddSingleton<IEventStore>(new SwitchableStore());
        }
        var app = builder.Build();
        app.UseRecordedAnswers().UseTelemetryApi();
        app.MapV2();
        app.MapIntake(events: false);
        if (alarmTime is not null)
            app.MapAlarms();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, stored, database);
    }

    private sealed class NothingToWaitFor : IProjectionProgress
    {
        public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default) => ValueTask.FromResult(true);
    }
}

/// <summary>What came back.</summary>
internal sealed record HttpAnswer(HttpStatusCode Status, IHeaderDictionary Headers, string Body)
{
    public JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The text of the error, whichever form it has.</summary>
    public string Fault => Json.GetProperty("error_message") is { ValueKind: JsonValueKind.Object } fault
        ? fault.GetProperty("faultstring").GetString()!
        : Json.GetProperty("error_message").GetString()!;

    /// <summary>One member of every object of a list.</summary>
    public string[] All(string member)
    {
        Assert.True(Status == HttpStatusCode.OK, $"{Status}: {Body}");
        return [.. Json.EnumerateArray().Select(row => row.GetProperty(member).ToString())];
    }

    /// <summary>Asserts a fault of the API layer.</summary>
    public void AssertFault(int status, string fault)
    {
        Assert.Equal(fault, Fault);
        Assert.Equal(status, (int)Status);
        var message = Json.GetProperty("error_message");
        Assert.Equal(status < 500 ? "Client" : "Server", message.GetProperty("faultcode").GetString());
        Assert.Equal(JsonValueKind.Null, message.GetProperty("debuginfo").ValueKind);
        Assert.Equal("application/json", Headers.ContentType);
    }

    /// <summary>Asserts an error of routing: the text alone.</summary>
    public void AssertPlain(int status)
    {
        Assert.Equal(status, (int)Status);
        Assert.Equal(JsonValueKind.String, Json.GetProperty("error_message").ValueKind);
        Assert.Equal("application/json", Headers.ContentType);
    }
}
