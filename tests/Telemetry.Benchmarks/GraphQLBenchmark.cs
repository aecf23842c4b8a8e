using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Api;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Schema;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Validation;
using Telemetry.Api.Hosting;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Audit;
using Telemetry.Api.V2.Events;
using Telemetry.Ingest.Samples;

namespace Telemetry.Benchmarks;

/// <summary>What the GraphQL engine adds: parsing, validation, execution and events, in this process and on one thread.</summary>
internal static class GraphQLBenchmark
{
    private const string Query = """
        query Cpu($from: DateTime!) {
          meter(name: "cpu") {
            unit
            statistics(range: {from: $from}, period: "PT1H", groupBy: [{dimension: PROJECT}, {metadata: "flavor"}],
                       where: {metadata: {some: {key: {eq: "az"}, value: {in: ["a", "b"]}}}}, fill: ZERO) {
              truncated
              buckets { from group { name value } count avg p95: quantile(q: 0.95) vms: distinct(of: RESOURCE) open }
            }
          }
          alarms(first: 20, where: {state: {eq: ALARM}}, order: [{stateChangedAt: DESC}]) {
            nodes { name state stateReason rule { ... on ThresholdRule { comparison threshold meter { name } } } }
            pageInfo { hasNextPage endCursor }
          }
        }
        """;

    public static async Task RunAsync()
    {
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        var schema = Start(data);
        var document = Parser.ParseDocument(Query);
        if (DocumentValidator.Validate(schema, document) is [var error, ..])
            throw new InvalidOperationException(error.Message);
        Measure($"parse {Query.Length} characters", 5_000, () => Parser.ParseDocument(Query));
        Measure("validate them", 5_000, () => DocumentValidator.Validate(schema, document));

        var services = new ServiceCollection().AddLogging().AddSingleton(Enumerable.Range(0, 2_000).Select(i => new Item(i, $"name {i}", i * 1.5)).ToArray());
        services.AddGraphQLServer().ConfigureSchema(b => b.AddTypes(typeof(Queries), typeof(Subscriptions))).ModifyRequestOptions(o => o.MaxCost = 1e9);
        var provider = services.BuildServiceProvider();
        await using (provider)
        {
            var executor = provider.GetRequiredService<RequestExecutor>();
            Measure("a cached query of one object", 20_000, () => Execute(executor, provider, "{ one { id name value } }"));
            Measure("a cached query of 2,000 objects with 3 fields", 300, () => Execute(executor, provider, "{ items { id name value } }"));
            await EventsAsync(executor, provider, subscribers: 1_000);
        }
        Directory.Delete(data, recursive: true);
    }

    /// <summary>The endpoint as the server starts it, cold: nothing of the engine has run in this process.</summary>
    private static Api.GraphQL.Types.Schema Start(string data)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSampleIntake();
        builder.Services.AddEventApi();
        builder.Services.AddTelemetryApi();
        builder.Services.AddAuditApi();
        builder.Services.AddStores(new Stores(data), start: false);
        builder.Services.AddAlarms();
        builder.Services.AddTelemetryGraphQL();
        var app = builder.Build();
        var clock = Stopwatch.StartNew();
        var executor = app.Services.GetRequiredService<RequestExecutor>();
        Console.WriteLine($"start of the engine with Telemetry's schema of {executor.Schema.Types.Count} types: {clock.Elapsed.TotalMilliseconds:0.0} ms");
        return executor.Schema;
    }

    private static void Execute(RequestExecutor executor, IServiceProvider services, string document)
    {
        var result = executor.ExecuteAsync(new OperationRequest { Document = document }, services, CancellationToken.None).AsTask().Result;
        var buffer = new ArrayBufferWriter<byte>(4_096);
        ResultFormatter.Write(buffer, ((ExecutionResult.Single)result).Result, "trace");
    }

    private static async Task EventsAsync(RequestExecutor executor, ServiceProvider services, int subscribers)
    {
        var received = 0;
        var all = new TaskCompletionSource();
        using var end = new CancellationTokenSource();
        for (var i = 0; i < subscribers; i++)
        {
            var stream = (ExecutionResult.ResponseStream)await executor.ExecuteAsync(
                new OperationRequest { Document = "subscription { changed { id name value } }", ContextData = new Dictionary<string, object?> { [SharedResults.ViewerKey] = "anybody" } }, services, end.Token);
            var reader = stream.Results.GetAsyncEnumerator(end.Token);
            _ = ReadAsync(reader);
        }

        var topics = services.GetRequiredService<ITopicEventSender>();
        var worst = TimeSpan.Zero;
        for (var n = 0; n < 20; n++)
        {
            received = 0;
            all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var clock = Stopwatch.StartNew();
            await topics.SendAsync("changed", new Item(n, "name", n));
            await all.Task;
            worst = clock.Elapsed > worst ? clock.Elapsed : worst;
        }

        await end.CancelAsync();
        Console.WriteLine($"an event to {subscribers:N0} subscribers: {worst.TotalMilliseconds:0.0} ms at worst");

        async Task ReadAsync(IAsyncEnumerator<OperationResult> reader)
        {
            while (await reader.MoveNextAsync())
            {
                ResultFormatter.Write(new ArrayBufferWriter<byte>(512), reader.Current, "trace");
                if (Interlocked.Increment(ref received) == subscribers)
                    all.TrySetResult();
            }
        }
    }

    private static void Measure(string what, int times, Action action)
    {
        var best = double.MaxValue;
        var bytes = 0L;
        for (var round = 0; round < 8; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var clock = Stopwatch.StartNew();
            for (var i = 0; i < times; i++)
                action();
            best = Math.Min(best, clock.Elapsed.TotalMicroseconds / times);
            bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / times;
        }

        Console.WriteLine($"{what}: {best:0.0} us, {bytes:N0} B");
    }

    internal sealed record Item(int Id, string Name, double Value);

    [QueryType]
    internal static class Queries
    {
        public static IReadOnlyList<Item> Items([Service] Item[] all) => all;

        public static Item One([Service] Item[] all) => all[0];
    }

    [SubscriptionType]
    internal static class Subscriptions
    {
        [Subscribe]
        public static Item Changed([EventMessage] Item item) => item;
    }
}
