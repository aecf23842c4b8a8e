using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Schema;
using Telemetry.Api.Intake;
using Telemetry.Api.Tests.Support;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Audit;
using Telemetry.Api.V2.Events;
using Telemetry.Conformance;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Samples;
using Telemetry.Projections;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Events;
using Telemetry.Projections.Running;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>REST and GraphQL side by side over the same parts: a log in memory, the real read models, and counters of reads.</summary>
internal sealed class TelemetryHost : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 3, 31, 12, 0, 0, TimeSpan.Zero);

    public static readonly (string, string)[] Admin = [("X-Roles", "admin"), ("X-User-Id", "root"), ("X-Project-Id", "p1")];

    private readonly TemporaryDirectory _directory = new();
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    public ManualTime Time { get; } = new(Now);

    public Reads Reads { get; } = new();

    public IServiceProvider Services => _app.Services;

    public TestServer Server => _app.GetTestServer();

    public static async Task<TelemetryHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var host = new TelemetryHost();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<TimeProvider>(host.Time);
        builder.Services.AddTelemetryApi();
        builder.Services.AddAuditApi();
        builder.Services.AddSampleIntake();
        builder.Services.AddSingleton<IEventStore>(new CountingLog(new InMemoryEventStore(host.Time), host.Reads));
        builder.Services.Configure<ProjectionsOptions>(o => o.Directory = host._directory.Path);
        builder.Services.AddTelemetryProjections();
        builder.Services.AddTelemetryEvents();
        builder.Services.AddTelemetryAudit(publish: false);
        builder.Services.AddSingleton<IProjectionProgress>(s => s.GetRequiredService<ProjectionRunner>());
        builder.Services.AddAlarms();
        builder.Services.AddEventApi();
        builder.Services.AddTelemetryGraphQL();
        Count<IMeteringReader>(builder.Services, (inner, reads) => new CountingMetering(inner, reads), host.Reads);
        Count<IEventReader>(builder.Services, (inner, reads) => new CountingEvents(inner, reads), host.Reads);
        Count<IAlarmReader>(builder.Services, (inner, reads) => new CountingAlarms(inner, reads), host.Reads);
        host._app = builder.Build();
        host._app.UseTelemetryApi();
        host._app.MapV2();
        host._app.MapIntake();
        host._app.MapAuditApi();
        host._app.MapAlarms();
        host._app.MapEvents();
        host._app.MapGraphQL();
        await host._app.StartAsync(TestContext.Current.CancellationToken);
        host._client = host._app.GetTestClient();
        return host;
    }

    /// <summary>What the answer has as <c>data</c>; it has no errors.</summary>
    public async Task<JsonNode> AskAsync(string query, object? variables = null, params (string, string)[] headers)
    {
        var answer = await PostAsync(query, variables, headers);
        Assert.True(answer["errors"] is null, answer["errors"]?.ToJsonString());
        return answer["data"]!;
    }

    public async Task<JsonNode> PostAsync(string query, object? variables = null, params (string, string)[] headers) =>
        JsonNode.Parse((await SendAsync("POST", "/graphql", JsonSerializer.Serialize(new { query, variables }), headers)).Bytes)!;

    public Task<Answer> SendAsync(string method, string path, string? body, params (string Name, string Value)[] headers) => Answer.OfAsync(_client, method, path, body, headers);

    /// <summary>Posts samples; they can be queried when this returns.</summary>
    public async Task RecordAsync(params IEnumerable<object> samples)
    {
        var answer = await SendAsync("POST", "/v2/samples", JsonSerializer.Serialize(samples), Admin);
        Assert.True(answer.Status == 201, answer.Text);
    }

    public static object Sample(
        string meter, double volume, string at, string resource = "r1", string? project = "p1", string? user = "u1", string unit = "%", string type = "gauge", object? metadata = null,
        string? id = null) => new Dictionary<string, object?>
        {
            ["counter_name"] = meter,
            ["counter_type"] = type,
            ["counter_unit"] = unit,
            ["counter_volume"] = volume,
            ["resource_id"] = resource,
            ["project_id"] = project,
            ["user_id"] = user,
            ["timestamp"] = at,
            ["resource_metadata"] = metadata ?? new { },
            ["message_id"] = id ?? Guid.NewGuid().ToString(),
        };

    /// <summary>Creates an alarm over REST.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> CreateAlarmAsync(string name, string meter = "cpu", params (string, string)[] headers)
    {
        var answer = await SendAsync(
            "POST", "/v2/alarms", JsonSerializer.Serialize(new { name, type = "threshold", threshold_rule = new { meter_name = meter, threshold = 80.0, comparison_operator = "gt", period = 60 } }),
            headers.Length > 0 ? headers : Admin);
        Assert.True(answer.Status == 201, answer.Text);
        return answer.Json.GetProperty("alarm_id").GetString()!;
    }

    /// <summary>Stores telemetry events; they can be queried when this returns.</summary>
    public async Task RecordEventsAsync(params TelemetryEvent[] events)
    {
        foreach (var e in events)
        {
            var stored = await Services.GetRequiredService<IEventStore>().AppendAsync(
                [new NewEvent(EventId.New(), TelemetryEventsRecorded.Name, TelemetryEventsRecorded.Write([e]), [new(TelemetryEventStreams.Of(e))])], TestContext.Current.CancellationToken);
            Assert.True(await Services.GetRequiredService<IProjectionProgress>().WaitForAsync(stored.Position, TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    private static void Count<T>(IServiceCollection services, Func<T, Reads, T> wrap, Reads reads) where T : class
    {
        var inner = services.Last(s => s.ServiceType == typeof(T));
        services.Remove(inner);
        services.AddSingleton(s => wrap((T)inner.ImplementationFactory!(s), reads));
    }
}
