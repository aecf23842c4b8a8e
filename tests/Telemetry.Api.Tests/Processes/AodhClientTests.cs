using System.Diagnostics;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>The real aodh client (Debian's python3-aodhclient) against the program.</summary>
public sealed class AodhClientTests
{
    private static readonly string? Client = DebianPackage.Program("aodh", "python3-aodhclient");

    [Fact]
    public async Task It_creates_lists_updates_shows_history_sets_the_state_and_deletes()
    {
        Assert.SkipWhen(Client is null && Environment.GetEnvironmentVariable("CI") != "true", "The aodh client is not installed, and installing it (Debian: python3-aodhclient) takes root.");
        Assert.NotNull(Client);
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            var created = Json(await RunAsync(
                server, "alarm create --name disk --type event --event-type volume.* --query traits.state=string::error --severity critical --alarm-action http://h/x -f json"));
            var id = created.GetProperty("alarm_id").GetString()!;
            Assert.Equal(("disk", "p1", "critical"), (created.GetProperty("name").GetString(), created.GetProperty("project_id").GetString(), created.GetProperty("severity").GetString()));

            Json(await RunAsync(
                server, "alarm create --name cpu --type gnocchi_resources_threshold --metric cpu --resource-id r --resource-type instance --aggregation-method mean --threshold 50 --comparison-operator gt -f json"));
            Assert.Equal("cpu disk", Lines(await RunAsync(server, "alarm list --sort name:asc -c name -f value")));
            Assert.Equal("disk", Lines(await RunAsync(server, "alarm list --filter severity=critical -c name -f value")));
            Assert.Equal("cpu", Lines(await RunAsync(server, "alarm list --query name=cpu -c name -f value")));

            var updated = Json(await RunAsync(server, "alarm update --name disk --severity low --repeat-actions True -f json"));
            Assert.Equal(("low", true), (updated.GetProperty("severity").GetString(), updated.GetProperty("repeat_actions").GetBoolean()));

            await RunAsync(server, $"alarm state set {id} --state ok");
            Assert.Equal("ok", Lines(await RunAsync(server, $"alarm state get {id} -f value")));

            var history = Json(await RunAsync(server, $"alarm-history show {id} -f json")).EnumerateArray().Select(c => c.GetProperty("type").GetString());
            Assert.Equal(["state transition", "rule change", "creation"], history);
            Assert.Equal("", Lines(await RunAsync(server, "alarm-history search --query type=deletion -c type -f value")));

            await RunAsync(server, $"alarm delete {id}");
            Assert.Equal("cpu", Lines(await RunAsync(server, "alarm list -c name -f value")));
        }
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);

    private static string Lines(string text) => string.Join(' ', text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static async Task<string> RunAsync(ServerProcess server, string command)
    {
        var start = new ProcessStartInfo(
            Client!,
            ["--os-auth-type", "aodh-noauth", "--user-id", "u1", "--project-id", "p1", "--roles", "member", "--aodh-endpoint", server.Url.ToString().TrimEnd('/'), .. command.Split(' ')])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{command}: {await error}");
        return await output;
    }
}
