using Microsoft.Extensions.Options;
using Telemetry.Agents.Alarms;
using Telemetry.Api.Monitoring;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Audit;
using Telemetry.Domain.Streams;
using Telemetry.Ingest;
using Telemetry.Ingest.EventStores.Postgres;
using Telemetry.Ingest.EventStores.Sqlite;
using Telemetry.Ingest.Samples;
using Telemetry.Projections;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores.Postgres;

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
                app.Services.GetRequiredService<DataDirectory>(); // taken first, or says who has it
                app.Services.GetRequiredService<ProjectionMetrics>();
                await app.StartAsync(ct);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or OptionsValidationException)
            {
                throw new ServerStartException(e.Message, e);
            }
            Log.Started(app.Logger, string.Join(' ', app.Urls), app.Services.GetRequiredService<DataDirectory>().Path);
            await app.WaitForShutdownAsync(ct);
        }
    }

    /// <summary>Whether the server keeps the audit log's tree up with the log; without it, <c>telemetry audit</c> makes the tree when it is asked.</summary>
    public static bool KeepsTree(IConfiguration configuration) => configuration.GetValue("Telemetry:Audit:Enabled", false);

    /// <summary>The log and the read models, as the server and the commands use them.</summary>
    /// <param name="tree">Whether the audit log's tree is one of them.</param>
    public static IServiceCollection AddStores(this IServiceCollection services, Stores stores, bool start = true, bool tree = true)
    {
        services.AddSingleton(_ => DataDirectory.Open(stores.Data));
        if (stores.LogIsInPostgres)
            services.AddPostgresEventStore(stores.Postgres!);
        else
            services.AddSqliteEventStore(stores.Data);
        if (stores.ModelsAreInPostgres)
            services.AddPostgresReadModels(stores.Postgres!, start ? Work(stores.Roles) : null);
        services.Configure<ProjectionsOptions>(options => options.Directory = stores.Data);
        services.AddTelemetryProjections(start);
        if (tree)
            services.AddTelemetryAudit(publish: start);
        services.AddSingleton<IProjectionProgress>(s => s.GetRequiredService<ProjectionRunner>());
        return services;
    }

    /// <summary>What a process takes part in, of the work that processes share.</summary>
    private static SharedWork Work(ServerRoles roles) =>
        new(roles.Projections, roles.Alarms ? new Dictionary<string, IReadOnlyList<string>> { ["alarms"] = AlarmShares.All } : []);

    /// <summary>Both in files of a data directory.</summary>
    public static IServiceCollection AddEmbeddedStores(this IServiceCollection services, string data, bool start = true, bool tree = true) =>
        services.AddStores(new Stores(data), start, tree);

    private static WebApplication Build(ServerSettings settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        var configuration = builder.Configuration;
        var urls = settings.Urls ?? configuration["Telemetry:Urls"] ?? ServerSettings.DefaultUrls;
        var stores = settings.Stores.Resolve(configuration);
        ListenAddresses.Check(urls, settings.Insecure || configuration.GetValue("Telemetry:Insecure", false));

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
        builder.Services.AddTelemetryApi();
        builder.Services.AddAuditApi();
        builder.Services.AddStores(stores, tree: KeepsTree(configuration));
        builder.Services.AddAlarms();
        builder.Services.AddAlarmAgents();

        var app = builder.Build();
        app.Services.GetRequiredService<PrometheusMetrics>(); // listens from the first measurement on
        app.UseTelemetryApi();
        app.MapV2();
        app.MapAuditApi(tree: KeepsTree(configuration));
        app.MapAlarms();
        app.MapProjections();
        app.MapHealth();
        app.MapMetrics();
        return app;
    }
}
