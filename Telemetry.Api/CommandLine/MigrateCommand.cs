using System.CommandLine;
using Npgsql;
using Telemetry.Api.Hosting;
using Telemetry.Ingest.EventStores.Postgres;
using Telemetry.Projections.Stores.Postgres;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry migrate</c>: brings the tables in PostgreSQL to what this program works with.</summary>
/// <remarks>The server does it too when it starts; by itself this is for a role that may change tables where the server's may not.</remarks>
internal static class MigrateCommand
{
    public static Command Create()
    {
        var postgres = new Option<string?>("--postgres") { Description = $"The PostgreSQL database, such as {StoreSettings.Example}" };
        var command = new Command("migrate", "Makes the tables in PostgreSQL, or brings them up to date. The server does it at its start as well.") { postgres };
        command.SetAction((parsed, _) => Task.FromResult(Run(parsed.GetValue(postgres) ?? DataCommand.Configuration["Telemetry:Postgres"])));
        return command;
    }

    private static int Run(string? connection)
    {
        if (string.IsNullOrWhiteSpace(connection))
            return TelemetryCommand.Fail("Name the database with --postgres.", TelemetryCommand.UsageError);
        try
        {
            StoreSettings.CheckConnection(connection);
            using var database = NpgsqlDataSource.Create(connection);
            string[] done = [.. PostgresEventStoreServices.Migrate(database), .. PostgresReadModelServices.Migrate(database)];
            foreach (var name in done)
                Console.WriteLine($"{name}: done");
            if (done.Length == 0)
                Console.WriteLine("The tables are up to date.");
            return 0;
        }
        catch (ServerStartException e)
        {
            return TelemetryCommand.Fail(e.Message, TelemetryCommand.UsageError);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            return TelemetryCommand.Fail(e.Message);
        }
    }
}
