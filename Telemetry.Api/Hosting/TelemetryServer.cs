using Microsoft.Extensions.Options;
using Telemetry.Agents.Alarms;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Schema;
using Telemetry.Api.Intake;
using Telemetry.Api.Monitoring;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Audit;
using Telemetry.Api.V2.Events;
using Telemetry.Domain.Streams;
using Telemetry.Ingest;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.EventStores.EventStoreDb;
using Telemetry.Ingest.EventStores.Postgres;
using Telemetry.Ingest.EventStores.Sqlite;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Notifications.Bus;
using Telemetry.Ingest.Posts;
using Telemetry.Ingest.Samples;
using Telemetry.Projections;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Events;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores.Postgres;

namespace Telemetry.Api.Hosting;

/// <summary>The composition root: puts the parts together and maps the paths.</summary>
internal static class TelemetryServer
{
    /// <summary>What a POST that is handed over may take beside the append: the bus, twice, and waiting until it can be read.</summary>
    private static readonly TimeSpan WayOfAPost = TimeSpan.FromSeconds(5);

    /// <exception cref="ServerStartException">The settings make no server.</exception>
    public static async Task RunAsync(ServerSettings settings, CancellationToken ct)
    {
        var app = await StartAsync(settings, ct);
        await using (app)
        {
            Log.Started(app.Logger, string.Join(' ', app.Urls), app.Services.GetRequiredService<DataDirectory>().Path);
            await app.WaitForShutdownAsync(ct);
        }
    }

    private static async Task<WebApplication> StartAsync(ServerSettings settings, CancellationToken ct)
    {
        WebApplication? app = null;
        try
        {
            app = Build(settings);
            app.Services.GetRequiredService<DataDirectory>(); // taken first, or says who has it
            app.Services.GetService<ProjectionMetrics>(); // not where nothing is read
            await app.StartAsync(ct);
            return app;
        }
        catch (Exception e)
        {
            if (app is not null)
            {
                await app.StopAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what has started ends before its stores do
                await app.DisposeAsync();
            }
            if (e is IOException or UnauthorizedAccessException or OptionsValidationException or ConfigurationFileException || IsOfASetting(e))
                throw new ServerStartException(e.Message, e);
            throw;
        }
    }

    /// <summary>Whether a setting's text is none of its type, such as <c>x</c> for a number; the message names both.</summary>
    private static bool IsOfASetting(Exception e) => e is InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" };

    /// <summary>Whether the server keeps the audit log's tree up with the log, as it does unless told otherwise; without it, nothing vouches for the log.</summary>
    public static bool KeepsTree(IConfiguration configuration) => configuration.GetValue("Telemetry:Audit:Enabled", true);

    /// <summary>The log and the read models, as the server and the commands use them.</summary>
    /// <param name="tree">Whether the audit log's tree is one of them.</param>
    public static IServiceCollection AddStores(this IServiceCollection services, Stores stores, bool start = true, bool tree = true)
    {
        services.AddSingleton(_ => DataDirectory.Open(stores.Data));
        services.AddLog(stores);
        if (stores.ModelsAreInPostgres)
            services.AddPostgresReadModels(stores.Postgres!, start ? Work(stores.Roles) : null);
        services.Configure<ProjectionsOptions>(options => options.Directory = stores.Data);
        services.AddTelemetryProjections(start && stores.Roles.Reads);
        services.AddTelemetryEvents();
        if (tree)
            services.AddTelemetryAudit(publish: start && stores.Roles.Projections);
        if (stores.Roles.Reads)
            services.AddSingleton<IProjectionProgress>(s => s.GetRequiredService<ProjectionRunner>());
        else
            services.AddRemoteProgress(stores.Postgres!);
        if (start && stores.Roles.Api && stores.ModelsAreInPostgres && stores.LogIsInPostgres)
            services.AddPositionAnnouncer(stores.Postgres!);
        return services;
    }

    /// <summary>The log alone.</summary>
    public static IServiceCollection AddLog(this IServiceCollection services, Stores stores) =>
        stores.LogIsInPostgres ? services.AddPostgresEventStore(stores.Postgres!)
        : stores.LogIsOnServer ? services.AddEventStoreDbEventStore(stores.Log)
        : services.AddSqliteEventStore(stores.Data);

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
        var roles = stores.Roles;
        ListenAddresses.Check(urls, settings.Insecure || configuration.GetValue("Telemetry:Insecure", false));

        if (settings.RabbitMq is { Count: > 0 } given)
            builder.Services.PostConfigure<BusOptions>(bus => bus.Use(given));
        var hasBroker = settings.RabbitMq is { Count: > 0 } || configuration.GetSection($"{BusOptions.Section}:Urls").GetChildren().Any();
        var handsOver = hasBroker && roles is { Api: true, Ingest: false };
        var takesOver = hasBroker && roles.Ingest && stores.CanBeShared;
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = 64 << 10;
        });
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // why a start failed is said by who started it
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(4));
        builder.Services.AddSingleton<PrometheusMetrics>();
        if (roles.Reads)
            builder.Services.AddSingleton<ProjectionMetrics>();
        builder.Services.AddSampleIntake();
        builder.Services.AddEventApi();
        builder.Services.AddTelemetryApi();
        builder.Services.AddAuditApi();
        builder.Services.AddStores(stores, tree: KeepsTree(configuration));
        builder.Services.AddAlarms();
        if (roles.Alarms)
            builder.Services.AddAlarmAgents();
        if (roles.Ingest)
            builder.Services.AddNotifications();
        if (takesOver)
            builder.Services.AddPostQueue<PostAnswerer>();
        if (handsOver)
            builder.Services.AddPostSender(TimeSpan.FromSeconds(configuration.GetValue("Telemetry:EventLog:TimeoutSeconds", 10)) + WayOfAPost);
        builder.Services.AddTelemetryGraphQL();

        var app = builder.Build();
        app.Services.GetRequiredService<PrometheusMetrics>(); // listens from the first measurement on
        if (takesOver)
            app.Use(((PostAnswerer)app.Services.GetRequiredService<IPostHandler>()).Learn);
        app.UseTelemetryApi();
        if (takesOver)
            app.Use(PostAnswerer.DemandIntakeAsync);
        if (handsOver)
            app.UseMiddleware<PostForwarder>();
        app.MapIntake(samples: roles.Ingest || handsOver, events: roles.Ingest || roles.Api);
        if (roles.Api)
        {
            app.MapV2();
            app.MapEvents();
            app.MapAuditApi(tree: KeepsTree(configuration));
            app.MapAlarms();
            app.MapGraphQL();
        }
        if (roles.Reads)
            app.MapProjections();
        app.MapHealth(roles.Reads);
        app.MapMetrics();
        return app;
    }
}
