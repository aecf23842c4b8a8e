using System.Net;
using System.Text.Json;
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

    /// <summary>Works on the log; where a server holds the data directory, or there is none, on what the server answers.</summary>
    /// <param name="here">Does the work with the services of the stores.</param>
    /// <param name="there">Does it by requests to the server, with the rights of an admin.</param>
    public static async Task<int> RunAsync(
        StoreSettings settings, Uri server, Func<IServiceProvider, Task<int>> here, Func<HttpClient, Task<int>> there, bool tree = true)
    {
        try
        {
            var stores = settings.Resolve(Configuration);
            if (!HasLog(stores))
                return await AskAsync(server, there, $"There is no log in '{stores.Data}', and ", "Name the data directory with --data, or");
            await using var provider = Services(stores, tree);
            _ = provider.GetRequiredService<DataDirectory>(); // taken first, or says who has it
            return await here(provider);
        }
        catch (DataDirectoryInUseException)
        {
            return await AskAsync(server, there, "A server holds the data directory, and ");
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
    public static bool HasLog(Stores stores) => stores.LogIsOnServer || File.Exists(Path.Combine(stores.Data, "events.db"));

    /// <summary>Asks a server.</summary>
    /// <param name="why">Begins the sentence that says it does not answer.</param>
    /// <param name="advice">Begins the sentence after it.</param>
    public static async Task<int> AskAsync(Uri server, Func<HttpClient, Task<int>> there, string why = "", string advice = "Name")
    {
        using var client = new HttpClient { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Add("X-Roles", "admin");
        try
        {
            return await there(client);
        }
        catch (HttpRequestException e)
        {
            return TelemetryCommand.Fail($"{why}{server} does not answer: {e.Message}. {advice} the server with --server.");
        }
    }

    /// <summary>Says what a server refused, and what to do where it does not keep the audit log's tree.</summary>
    public static async Task<int> FailAsync(HttpResponseMessage response, CancellationToken ct) => TelemetryCommand.Fail(
        await ProblemAsync(response, ct)
        + (response.StatusCode == HttpStatusCode.NotFound
            ? " Where it runs without the audit log's tree, start it with TELEMETRY__Audit__Enabled=true, or stop it and run this again."
            : ""));

    /// <summary>What a server refused, in a sentence.</summary>
    public static async Task<string> ProblemAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var body = await response.Content.ReadAsStringAsync(ct);
        return $"The server answered {(int)response.StatusCode}: {Fault(body) ?? body}";
    }

    private static string? Fault(string body)
    {
        try
        {
            var message = JsonElement.Parse(body).GetProperty("error_message");
            return message.ValueKind == JsonValueKind.Object ? message.GetProperty("faultstring").GetString() : message.GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null; // no answer of ours
        }
    }

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

    public static void LoadTree(IServiceProvider services) => Tree(services).Load();

    /// <summary>Brings the audit log's tree to the log's end. Not before a walk: what is not in the tree yet, nothing vouches for.</summary>
    public static async Task CatchUpAsync(IServiceProvider services, CancellationToken ct)
    {
        var tree = Tree(services);
        await foreach (var recorded in services.GetRequiredService<IEventStore>().ReadAllAsync(tree.Position, ct))
            tree.Apply(recorded);
    }

    private static IProjection Tree(IServiceProvider services) => services.GetServices<IProjection>().Single(p => p is IAuditTree);
}
