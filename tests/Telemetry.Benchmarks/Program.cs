using System.Globalization;
using Telemetry.Benchmarks;

// Workload W against a server process of its own, over HTTP. docs/performance.md has figures and commands.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var options = args.Skip(1).Where(a => a.StartsWith("--", StringComparison.Ordinal)).Select(a => a.Split('=', 2)).ToDictionary(a => a[0], a => a.ElementAtOrDefault(1) ?? "");
int Option(string name, int otherwise) => options.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

switch (args.FirstOrDefault())
{
    case "ingest":
        await IngestBenchmark.RunAsync(
            Option("--polls", 100), Option("--connections", 4), options.GetValueOrDefault("--body"), options.GetValueOrDefault("--signed"), options.GetValueOrDefault("--log"));
        return 0;
    case "query":
        await QueryBenchmark.RunAsync(Option("--polls", 1000), options.GetValueOrDefault("--store"));
        return 0;
    case "rebuild":
        await RebuildBenchmark.RunAsync(Option("--polls", 1000), options.GetValueOrDefault("--log"), options.GetValueOrDefault("--store"));
        return 0;
    case "size":
        await SizeBenchmark.RunAsync(Option("--polls", 1000), options.GetValueOrDefault("--store"));
        return 0;
    case "audit":
        await AuditBenchmark.RunAsync(Option("--polls", 300));
        return 0;
    case "rate":
        await ReplayBenchmark.RunAsync(Option("--minutes", 100), rounds: 0);
        return 0;
    case "replay":
        await ReplayBenchmark.RunAsync(Option("--minutes", 100), Option("--rounds", 1));
        return 0;
    case "upkeep":
        await UpkeepBenchmark.RunAsync(Option("--turns", 8), Option("--connections", 4));
        return 0;
    case "alarms":
        await AlarmBenchmark.RunAsync(Option("--alarms", 100_000), Option("--resources", 10_000));
        await AlarmBenchmark.RunEventsAsync(Option("--rules", 10_000), Option("--rate", 2_000), Option("--seconds", 15));
        return 0;
    case "events":
        await EventBenchmark.RunAsync(Option("--events", 1_000_000), Option("--batch", 1_000), options.GetValueOrDefault("--store"));
        return 0;
    case "graphql":
        await GraphQLBenchmark.RunAsync();
        await GraphQLServerBenchmark.RunAsync(Option("--polls", 20));
        return 0;
    case "notifications":
        await NotificationBenchmark.RunAsync(Option("--messages", 50_000), Option("--metering", 10_000));
        return 0;
    default:
        Console.Error.WriteLine("""
            ingest        [--polls=100] [--connections=4] [--body=json|json-ids|json-hmac|compact|compact-named] [--signed[=body]] [--log=postgres|esdb]
            query         [--polls=1000] [--store=postgres]
            rebuild       [--polls=1000] [--log=postgres] [--store=postgres]
            size          [--polls=1000] [--store=postgres]
            audit         [--polls=300]
            rate          [--minutes=100]
            replay        [--minutes=100] [--rounds=1]
            upkeep        [--turns=8] [--connections=4]
            alarms        [--alarms=100000] [--resources=10000] [--rules=10000] [--rate=2000] [--seconds=15]
            events        [--events=1000000] [--batch=1000] [--store=postgres]
            graphql       [--polls=20]
            notifications [--messages=50000] [--metering=10000]
            A poll is 10,000 samples, a minute of rate and replay 100,000.
            """);
        return 2;
}
