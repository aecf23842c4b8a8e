using System.Diagnostics;
using System.Net;
using Npgsql;
using Telemetry.Api.Tests.Notifications;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>The units of <c>deploy/</c> as systemd starts, kills, restarts and stops them: as their user, with their settings, shut off from the rest of the machine.</summary>
public sealed class UnitTests
{
    private const string Store = "/var/lib/telemetry";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_program_runs_as_a_unit_writes_nowhere_else_comes_back_after_a_kill_and_stops_when_asked_to()
    {
        await using var machine = await SystemdMachine.StartAsync();
        var url = FreeUrl();
        await InstallAsync(machine, "telemetry.service");
        await machine.WriteAsync("/etc/telemetry/environment", $"TELEMETRY__Urls={url}");

        await machine.ControlAsync("start", "telemetry.service");

        using var client = new HttpClient { BaseAddress = new(url) };
        await ReadyAsync(machine, client);
        Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 0));
        var main = await machine.ShowAsync("telemetry.service", "MainPID");
        Assert.Equal("telemetry", (await machine.RunAsync("stat", "-c", "%U", $"/proc/{main}")).Output.Trim());
        Assert.Contains("telemetry telemetry 750", (await machine.RunAsync("stat", "-c", "%U %G %a", Store)).Output, StringComparison.Ordinal);
        foreach (var elsewhere in new[] { "/etc/telemetry", "/usr", "/var/lib", "/opt/telemetry" })
            Assert.Contains("Read-only file system", (await machine.RunAsync("nsenter", "-t", main, "-m", "touch", $"{elsewhere}/x")).Output, StringComparison.Ordinal); // even for root
        Assert.Equal(0, (await machine.RunAsync("nsenter", "-t", main, "-m", "touch", $"{Store}/x")).Code);

        await machine.ControlAsync("kill", "--signal=KILL", "telemetry.service");
        await Poll.UntilAsync(async () => await machine.ShowAsync("telemetry.service", "NRestarts") == "1");
        await ReadyAsync(machine, client);
        Assert.Equal(CrashTests.SamplesAPost, await CrashTests.CountAsync(client));

        await machine.ControlAsync("stop", "telemetry.service");
        Assert.Equal(("inactive", "success", "0"), (
            await machine.ShowAsync("telemetry.service", "ActiveState"), await machine.ShowAsync("telemetry.service", "Result"), await machine.ShowAsync("telemetry.service", "ExecMainStatus")));
    }

    [Fact]
    public async Task The_roles_run_as_units_that_share_a_database_and_a_broker()
    {
        MeteredCloud.Demand();
        await using var postgres = await PostgresServer.StartAsync();
        await using var database = await postgres.CreateDatabaseAsync();
        await using var broker = await RabbitMqServer.StartOwnAsync();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(postgres.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute); // for the account telemetry
        await using var machine = await SystemdMachine.StartAsync(postgres.Directory);
        await InstallAsync(machine, "telemetry@.service");
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "/run/postgresql" };
        await machine.WriteAsync("/etc/telemetry/environment", "TELEMETRY__Log=postgres", "TELEMETRY__Store=postgres", $"TELEMETRY__Postgres={connection}", $"TELEMETRY__RabbitMq__Urls__0={broker.Url}");
        var urls = new Dictionary<string, string>();
        foreach (var role in new[] { "api", "ingest", "projections", "alarms" })
        {
            urls[role] = FreeUrl();
            await machine.WriteAsync($"/etc/telemetry/{role}.environment", $"TELEMETRY__Urls={urls[role]}");
        }

        await machine.ControlAsync(["start", .. urls.Keys.Select(role => $"telemetry@{role}")]);

        using var client = new HttpClient { BaseAddress = new(urls["api"]) };
        foreach (var url in urls.Values)
        {
            using var each = new HttpClient { BaseAddress = new(url) };
            await ReadyAsync(machine, each);
        }
        await Poll.UntilAsync(async () => await CrashTests.PostAsync(client, 0) == HttpStatusCode.NoContent); // once the bus knows who takes
        Assert.Equal(CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
        Assert.Equal(2, await database.ScalarAsync<long>("select count(distinct holder) from read_models.lease where expires_at > clock_timestamp()")); // one stores, one judges
        await machine.ControlAsync(["stop", .. urls.Keys.Select(role => $"telemetry@{role}")]);
        foreach (var role in urls.Keys)
            Assert.Equal("success", await machine.ShowAsync($"telemetry@{role}", "Result"));
    }

    private static async Task InstallAsync(SystemdMachine machine, string unit)
    {
        await machine.WriteAsync($"/etc/systemd/system/{unit}", await File.ReadAllLinesAsync(Repository.File($"deploy/{unit}"), Ct));
        await machine.ControlAsync("daemon-reload");
    }

    /// <summary>Asks again and again, as systemd does not know when the program is ready.</summary>
    private static async Task ReadyAsync(SystemdMachine machine, HttpClient client)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50, Ct))
        {
            try
            {
                using var answer = await client.GetAsync("/healthz/ready", Ct);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            if (clock.Elapsed > TimeSpan.FromMinutes(1))
                Assert.Fail(await machine.JournalAsync());
        }
    }

    private static string FreeUrl() => $"http://127.0.0.1:{FreePort.Find()}";
}
