using Microsoft.Extensions.Options;
using Telemetry.Agents.Alarms;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Schema;
using Telemetry.Api.Monitoring;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Audit;
using Telemetry.Api.V2.Events;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.EventStores.Sqlite;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Notifications.Bus;
using Telemetry.Ingest.Samples;
using Telemetry.Projections;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Events;
using Telemetry.Projections.Running;

namespace Telemetry.Api.Hosting;

/// <summary>The composition root: puts the parts together and maps the paths.</summary>
internal static class TelemetryServer
{
    /// <exception cref="ServerStartException">The settings make no server.</exception>
    public static async Task RunAsync(ServerSettings settings, CancellationToken ct)
    {
        var app = Build(settings);
        await using (app)
        {
            try
            {
                await app.StartAsync(ct);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or OptionsValidationException or ConfigurationFileException)
            {
                throw new ServerStartException(e.Message, e);
            }
            Log.Started(app.Logger, string.Join(' ', app.Urls), app.Services.GetRequiredService<Ingest.DataDirectory>().Path);
            await app.WaitForShutdownAsync(ct);
        }
    }

    /// <summary>Whether the server keeps the audit log's tree up with the log, as it does unless told otherwise; without it, nothing vouches for the log.</summary>
    public static bool KeepsTree(IConfiguration configuration) => configuration.GetValue("Telemetry:Audit:Enabled", true);

    /// <summary>The log and the read models of a data directory, as the server and the commands use them.</summary>
    /// <param name="tree">Whether the audit log's tree is one of them.</param>
    public static IServiceCollection AddEmbeddedStores(this IServiceCollection services, string data, bool start = true, bool tree = true)
    {
        services.AddSqliteEventStore(data);
        services.Configure<ProjectionsOptions>(options => options.Directory = data);
        services.AddTelemetryProjections(start);
        services.AddTelemetryEvents();
        if (tree)
            services.AddTelemetryAudit(publish: start);
        services.AddSingleton<IProjectionProgress>(s => s.GetRequiredService<ProjectionRunner>());
        return services;
    }

    private static WebApplication Build(ServerSettings settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        var configuration = builder.Configuration;
        var urls = settings.Urls ?? configuration["Telemetry:Urls"] ?? ServerSettings.DefaultUrls;
        var data = Path.GetFullPath(settings.Data ?? configuration["Telemetry:Data"] ?? ServerSettings.DefaultData);
        ListenAddresses.Check(urls, settings.Insecure || configuration.GetValue("Telemetry:Insecure", false));

        if (settings.RabbitMq is { Count: > 0 } brokers)
            builder.Services.PostConfigure<BusOptions>(bus => bus.Use(brokers));
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = 64 << 10;
        });
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(4));
        builder.Services.AddSingleton<PrometheusMetrics>();
        builder.Services.AddSingleton<ProjectionMetrics>();
        builder.Services.AddSampleIntake();
        builder.Services.AddEventApi();
        builder.Services.AddTelemetryApi();
        builder.Services.AddAuditApi();
        builder.Services.AddEmbeddedStores(data, tree: KeepsTree(configuration));
        builder.Services.AddAlarms();
        builder.Services.AddAlarmAgents();
        builder.Services.AddNotifications();
        builder.Services.AddTelemetryGraphQL();

        var app = builder.Build();
        app.Services.GetRequiredService<PrometheusMetrics>(); // listens from the first measurement on
        app.UseTelemetryApi();
        app.MapV2();
        app.MapEvents();
        app.MapAuditApi(tree: KeepsTree(configuration));
        app.MapAlarms();
        app.MapGraphQL();
        app.MapProjections();
        app.MapHealth();
        app.MapMetrics();
        app.Services.GetRequiredService<ProjectionMetrics>();
        return app;
    }
}
