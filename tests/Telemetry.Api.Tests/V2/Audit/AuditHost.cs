using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Api.Intake;
using Telemetry.Api.Tests.Support;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Audit;
using Telemetry.Conformance;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Samples;
using Telemetry.Projections;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Running;

namespace Telemetry.Api.Tests.V2.Audit;

/// <summary>The whole server but for its sockets: log, projections, intake and the audit API.</summary>
internal sealed class AuditHost : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private WebApplication _app = null!;
    private PostgresDatabase? _database;

    public HttpClient Client { get; private set; } = null!;
    public IEventStore Log => _app.Services.GetRequiredService<IEventStore>();

    public static async Task<AuditHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var host = new AuditHost { _database = await TestStore.DatabaseAsync() };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddTelemetryApi();
        builder.Services.AddAuditApi();
        builder.Services.AddSampleIntake();
        builder.Services.AddTestStores(host._database, TimeProvider.System);
        builder.Services.Configure<ProjectionsOptions>(o => o.Directory = host._directory.Path);
        builder.Services.AddTelemetryProjections();
        builder.Services.AddTelemetryAudit();
        builder.Services.AddAlarms();
        builder.Services.AddSingleton<IProjectionProgress>(s => s.GetRequiredService<ProjectionRunner>());
        host._app = builder.Build();
        host._app.UseRecordedAnswers().UseTelemetryApi();
        host._app.MapV2();
        host._app.MapIntake(events: false);
        host._app.MapAuditApi();
        host._app.MapAlarms();
        await host._app.StartAsync(TestContext.Current.CancellationToken);
        host.Client = host._app.GetTestClient();
        return host;
    }

    /// <summary>Posts one sample of a project; its event is in all read models when this returns.</summary>
    public async Task<string> RecordAsync(string project, double volume, string timestamp = "2026-10-05T12:00:00", string meter = "net", string type = "delta")
    {
        var body = JsonSerializer.Serialize(new[]
        {
            new { counter_name = meter, counter_type = type, counter_unit = "MB", counter_volume = volume, resource_id = "r", project_id = project, user_id = "u", timestamp },
        });
        var answer = await SendAsync("POST", $"/v2/meters/{meter}", body, ("X-Roles", "admin"));
        Assert.Equal(201, answer.Status);
        return answer.Json[0].GetProperty("message_id").GetString()!;
    }

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync("GET", path, null, headers);

    public Task<Answer> SendAsync(string method, string path, string? body, params (string Name, string Value)[] headers) => Answer.OfAsync(Client, method, path, body, headers);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await TestStore.GiveBackAsync(_database);
        _directory.Dispose();
    }
}
