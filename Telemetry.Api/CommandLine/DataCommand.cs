using System.Net;
using Telemetry.Api.Hosting;
using Telemetry.Domain.Streams;
using Telemetry.Ingest;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Running;

namespace Telemetry.Api.CommandLine;

/// <summary>What commands share that work on a data directory, or ask the server that holds it.</summary>
internal static class DataCommand
{
    public static IConfiguration Configuration { get; } = new ConfigurationBuilder().AddEnvironmentVariables().Build();

    /// <summary>Works on the log; where a server holds the data directory, on what the server answers.</summary>
    /// <param name="here">Does the work with the services of the stores.</param>
    /// <param name="there">Does it by requests to the server, with the rights of an admin.</param>
    public static async Task<int> RunAsync(StoreSettings settings, Uri server, Func<IServiceProvider, Task<int>> here, Func<HttpClient, Task<int>> there)
    {
        try
        {
            var stores = settings.Resolve(Configuration);
            CheckLog(stores);
            await using var provider = Services(stores);
            _ = provider.GetRequiredService<DataDirectory>(); // taken first, or says who has it
            Tree(provider).Load();
            return await here(provider);
        }
        catch (DataDirectoryInUseException)
        {
            return await AskAsync(server, there);
        }
        catch (ReadModelDamagedException e)
        {
            return TelemetryCommand.Fail($"{e.Message} Build it anew with telemetry rebuild.");
        }
        catch (ServerStartException e)
        {
            return TelemetryCommand.Fail(e.Message, TelemetryCommand.UsageError);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return TelemetryCommand.Fail(e.Message);
        }
    }

    /// <summary>A command makes no new log.</summary>
    /// <exception cref="ServerStartException">There is no log.</exception>
    public static void CheckLog(Stores stores)
    {
        if (!stores.LogIsOnServer && !File.Exists(Path.Combine(stores.Data, "events.db")))
            throw new ServerStartException($"There is no log in '{stores.Data}'. Name the data directory with --data.");
    }

    /// <summary>Asks a server.</summary>
    public static async Task<int> AskAsync(Uri server, Func<HttpClient, Task<int>> there)
    {
        using var client = new HttpClient { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Add("X-Roles", "admin");
        try
        {
            return await there(client);
        }
        catch (HttpRequestException e)
        {
            return TelemetryCommand.Fail($"{server} does not answer: {e.Message}. Name the server with --server.");
        }
    }

    /// <summary>Says what a server refused, and what to do where it does not keep the audit log's tree.</summary>
    public static async Task<int> FailAsync(HttpResponseMessage response, CancellationToken ct) => TelemetryCommand.Fail(
        $"The server answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}"
        + (response.StatusCode == HttpStatusCode.NotFound
            ? " Where it runs without the audit log's tree, start it with TELEMETRY__Audit__Enabled=true, or stop it and run this again."
            : ""));

    /// <summary>The services of the stores; nothing is opened before it is asked for.</summary>
    public static ServiceProvider Services(Stores stores, bool tree = true)
    {
        var services = new ServiceCollection().AddLogging(logging => logging.AddConsole().SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(Configuration);
        services.AddStores(stores, start: false, tree);
        return services.BuildServiceProvider();
    }

    /// <summary>Loads the samples' read model, and brings it to the log's end as a server does when it starts.</summary>
    public static async Task LoadSamplesAsync(IServiceProvider services, CancellationToken ct)
    {
        var samples = services.GetServices<IProjection>().Single(p => p.Name == "samples");
        samples.Load();
        await foreach (var recorded in services.GetRequiredService<IEventStore>().ReadAllAsync(samples.Position, ct))
            samples.Apply(recorded);
    }

    /// <summary>Brings the audit log's tree to the log's end. Not before a walk: what is not in the tree yet, nothing vouches for.</summary>
    public static async Task CatchUpAsync(IServiceProvider services, CancellationToken ct)
    {
        var tree = Tree(services);
        await foreach (var recorded in services.GetRequiredService<IEventStore>().ReadAllAsync(tree.Position, ct))
            tree.Apply(recorded);
    }

    private static IProjection Tree(IServiceProvider services) => services.GetServices<IProjection>().Single(p => p is IAuditTree);
}
