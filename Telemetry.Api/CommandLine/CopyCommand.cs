using System.CommandLine;
using Telemetry.Api.Hosting;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores;
using Telemetry.Ingest.EventStores.EventStoreDb;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry copy</c>: moves a log from one kind of store to another.</summary>
internal static class CopyCommand
{
    public static Command Create()
    {
        var from = Location("--from", "The log to copy: sqlite:DIRECTORY, postgres:CONNECTION or esdb://ADDRESS.");
        var to = Location("--to", "Where to: the same; empty, or with what an interrupted copy left.");
        var command = new Command("copy", "Copies a log event by event, goes on where it was interrupted, and compares both at the end. Stop the server before.") { from, to };
        command.SetAction((parsed, ct) => RunAsync(parsed.GetValue(from)!, parsed.GetValue(to)!, ct));
        return command;
    }

    private static Option<StoreSettings> Location(string name, string description) => new(name)
    {
        Description = description,
        Required = true,
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (text.StartsWith("sqlite:", StringComparison.Ordinal) && text.Length > 7)
                return new(Data: text[7..], Log: StoreSettings.Sqlite);
            if (text.StartsWith("postgres:", StringComparison.Ordinal) && text.Length > 9)
                return new(Log: StoreSettings.PostgreSql, Postgres: text[9..]);
            if (EventStoreDbServices.IsAddress(text))
                return new(Log: text);
            result.AddError($"The text in {name} is none of sqlite:DIRECTORY, postgres:CONNECTION and esdb://ADDRESS.");
            return null;
        },
    };

    private static async Task<int> RunAsync(StoreSettings from, StoreSettings to, CancellationToken ct)
    {
        try
        {
            var source = from.Resolve(DataCommand.Configuration);
            if (!DataCommand.HasLog(source))
                return TelemetryCommand.Fail($"There is no log in '{source.Data}'.", TelemetryCommand.UsageError);
            await using var sources = Services(source);
            await using var targets = Services(to.Resolve(DataCommand.Configuration));
            var copy = new LogCopy(sources.GetRequiredService<IEventStore>(), targets.GetRequiredService<IEventStore>());
            var result = await ShowAsync(progress => copy.RunAsync(progress, ct));
            Console.WriteLine($"Copied {result.Copied} events. Both logs have the same {result.Events} events with {result.Samples} samples{(result.SamePositions ? ", at the same positions" : "")}.");
            Console.WriteLine($"The audit log's root over either is {result.Root}.");
            Console.WriteLine("Start the server on the new log: it builds the read models from there.");
            return 0;
        }
        catch (ServerStartException e)
        {
            return TelemetryCommand.Fail(e.Message, TelemetryCommand.UsageError);
        }
        catch (Exception e) when (e is LogCopyException or EventStoreBusyException or EventStoreFullException or IOException or UnauthorizedAccessException)
        {
            return TelemetryCommand.Fail($"{e.Message} What was copied stays; the same command goes on there.");
        }
    }

    private static ServiceProvider Services(Stores stores)
    {
        var services = new ServiceCollection().AddLogging(logging => logging.AddConsole().SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(DataCommand.Configuration);
        services.AddLog(stores);
        return services.BuildServiceProvider();
    }

    private static Task<CopyResult> ShowAsync(Func<IProgress<CopyProgress>, Task<CopyResult>> work) => ProgressBars.ShowAsync("Copying", report => work(
        new Reporter<CopyProgress>(p => report(p.Verifying ? "Verifying" : "Copying", p.Position, Math.Max(1, p.Head)))));
}
