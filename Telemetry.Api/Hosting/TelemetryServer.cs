using System.Globalization;
using Microsoft.Extensions.Options;
using Telemetry.Api.Monitoring;
using Telemetry.Api.V2;
using Telemetry.Ingest.EventStores.Sqlite;
using Telemetry.Ingest.Samples;
using Telemetry.Projections.Running;

namespace Telemetry.Api.Hosting;

/// <summary>The composition root: puts the parts together and maps the paths.</summary>
internal static class TelemetryServer
{
    /// <exception cref="ServerStartException">The settings make no server.</exception>
    public static WebApplication Build(ServerSettings settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        var configuration = builder.Configuration;
        var urls = settings.Urls ?? configuration["Telemetry:Urls"] ?? ServerSettings.DefaultUrls;
        var data = Path.GetFullPath(settings.Data ?? configuration["Telemetry:Data"] ?? ServerSettings.DefaultData);
        ListenAddresses.Check(urls, settings.Insecure || configuration.GetValue("Telemetry:Insecure", false));

        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // intake bounds bodies itself, before and after unpacking, and answers in its own words
            kestrel.Limits.MaxRequestLineSize = 64 << 10;
        });
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(4));
        return builder.Build();
    }
}
