using System.Net;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>The program with log and read models in PostgreSQL: killed, or its server killed; what was acknowledged is there, once.</summary>
public sealed class PostgresProcessTests
{
    private const int Rounds = 10;

    [Fact]
    public async Task Killing_the_process_during_ingest_loses_nothing_acknowledged_and_doubles_nothing()
    {
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

        await CrashTests.KillProcessAsync(Rounds, Settings(database));
    }

    [Fact]
    public async Task Killing_PostgreSQL_during_ingest_loses_nothing_acknowledged_and_doubles_nothing()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await using var database = await postgres.CreateDatabaseAsync();
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, Settings(database, timeoutSeconds: 60));
        using var client = new HttpClient { BaseAddress = server.Url };
        using var clients = new PostingClients(server, 0, async post => await CrashTests.PostAsync(client, post) == HttpStatusCode.NoContent);
        var random = new Random(12);
        for (var round = 0; round < Rounds; round++)
        {
            await clients.AcknowledgedAsync(random.Next(5, 40));
            await postgres.KillAsync();
            await postgres.StartAgainAsync();
        }
        await clients.AcknowledgedAsync(20);
        await clients.StopAsync();
        await clients.CheckAsync(client);
        await server.KillAsync();
        await server.DisposeAsync();
        await database.ExecuteAsync("drop schema read_models cascade");

        var (again, _) = await ServerProcess.StartAsync(data.Path, Settings(database));
        await using (again)
        {
            using var reader = new HttpClient { BaseAddress = again.Url };
            await clients.CheckAsync(reader);
            foreach (var (post, _) in clients.Posts.Where(p => !p.Value))
                Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(reader, post));
            Assert.Equal((long)clients.Posts.Count * CrashTests.SamplesAPost, await CrashTests.CountAsync(reader));
        }
    }

    [Fact]
    public async Task A_log_that_was_copied_gives_the_same_answers()
    {
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await CopiedLog.CheckAsync($"postgres:{database.ConnectionString}", Settings(database));
    }

    [Fact]
    public async Task The_commands_of_the_documentation_make_a_backup_that_can_be_restored()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await using var database = await postgres.CreateDatabaseAsync();
        using var data = new TemporaryDirectory();
        using var backup = new TemporaryDirectory();
        var commands = File.ReadAllLines(Repository.File("docs/operations.md")).Where(l => l.StartsWith("pg_", StringComparison.Ordinal) || l.StartsWith("createdb", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, commands.Count);
        var name = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;
        string checkpoints;
        var (server, _) = await ServerProcess.StartAsync(Path.Combine(data.Path, "a"), Settings(database));
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 0));
            checkpoints = await client.GetStringAsync("/v2/audit/checkpoint");
            await RunAsync(commands[0].Replace(" telemetry", $" {name}", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 1)); // after the backup
        }
        foreach (var command in commands.Skip(1))
            await RunAsync(command.Replace("createdb telemetry", "createdb restored", StringComparison.Ordinal).Replace("--dbname=telemetry", "--dbname=restored", StringComparison.Ordinal));

        var restored = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "restored" }.ToString();
        var settings = Settings(database);
        settings["TELEMETRY__Postgres"] = restored;
        var (again, _) = await ServerProcess.StartAsync(Path.Combine(data.Path, "b"), settings);
        await using (again)
        {
            using var client = new HttpClient { BaseAddress = again.Url };
            Assert.Equal(CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
            Assert.Equal(checkpoints, await client.GetStringAsync("/v2/audit/checkpoint"));
        }

        async Task RunAsync(string command)
        {
            var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", $"PATH={PostgresServer.Programs}:$PATH {command.Replace("/backup", backup.Path, StringComparison.Ordinal)}"]) { RedirectStandardError = true };
            (start.Environment["PGHOST"], start.Environment["PGUSER"]) = (postgres.Directory, "postgres");
            using var process = System.Diagnostics.Process.Start(start)!;
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, $"{command}: {error}");
        }
    }

    [Fact]
    public async Task A_database_that_does_not_answer_stops_the_start_with_a_reason()
    {
        using var data = new TemporaryDirectory();

        var (code, _, error) = await ServerProcess.RunAsync(
            "serve", "--urls", "http://127.0.0.1:0", "--data", data.Path, "--log", "postgres", "--postgres", $"Host={data.Path};Database=telemetry;Username=nobody;Password=secret");

        Assert.Equal(2, code);
        Assert.Contains($"at {data.Path}, database 'telemetry', cannot be opened", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Settings(PostgresDatabase database, int timeoutSeconds = 10) => new()
    {
        ["TELEMETRY__Log"] = "postgres",
        ["TELEMETRY__Store"] = "postgres",
        ["TELEMETRY__Postgres"] = database.ConnectionString,
        ["TELEMETRY__EventLog__TimeoutSeconds"] = $"{timeoutSeconds}",
    };
}
