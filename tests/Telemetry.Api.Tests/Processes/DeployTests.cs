using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Telemetry.Api.Hosting;
using Telemetry.Conformance;
using YamlDotNet.Serialization;

namespace Telemetry.Api.Tests.Processes;

/// <summary>What lies in <c>deploy/</c> is read by those who would run it.</summary>
public sealed class DeployTests
{
    [Fact]
    public void The_compose_file_names_what_it_declares_and_settings_that_the_program_takes()
    {
        var compose = (Dictionary<object, object>)new DeserializerBuilder().Build().Deserialize(File.ReadAllText(Repository.File("deploy/compose.yaml")))!;
        var services = Map(compose["services"]);
        var volumes = Map(compose["volumes"]).Keys.ToHashSet();
        foreach (var service in services.Values.Select(Map))
        {
            Assert.All(List(service["volumes"]), v => Assert.True(v.StartsWith('/') || volumes.Contains(v.Split(':')[0]), $"The volume '{v}' is declared nowhere."));
            if (service.TryGetValue("depends_on", out var others))
                Assert.All(Map(others).Keys, other => Assert.Contains(other, services.Keys));
        }
        var telemetry = Map(services["telemetry"]);
        var settings = Map(telemetry["environment"]).ToDictionary(e => e.Key.Replace("__", ":", StringComparison.Ordinal).Replace("TELEMETRY:", "Telemetry:", StringComparison.Ordinal), e => (string?)e.Value.ToString());

        var stores = new StoreSettings().Resolve(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());

        Assert.True(stores.LogIsInPostgres && stores.ModelsAreInPostgres);
        Assert.Contains("Host=postgres;", stores.Postgres, StringComparison.Ordinal);
        Assert.Equal("serve", List(telemetry["command"])[2]);
    }

    [Fact]
    public async Task The_compose_file_is_one_to_docker_compose()
    {
        var compose = Demand("docker-compose", "docker-compose");

        var (code, output) = await RunAsync(compose, new() { ["PASSWORD"] = "secret" }, "-f", Repository.File("deploy/compose.yaml"), "config");
        Assert.True(code == 0, output);
        Assert.Contains("Password=secret", output, StringComparison.Ordinal);

        (code, output) = await RunAsync(compose, new() { ["PASSWORD"] = "" }, "-f", Repository.File("deploy/compose.yaml"), "config");
        Assert.NotEqual(0, code);
        Assert.Contains("set PASSWORD", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("telemetry.service")]
    [InlineData("telemetry@.service")]
    public async Task A_unit_is_one_to_systemd(string name)
    {
        var analyze = Demand("systemd-analyze", "systemd");
        using var folder = new TemporaryDirectory();
        var unit = File.ReadAllText(Repository.File($"deploy/{name}"));
        Assert.Contains("ExecStart=/opt/telemetry/telemetry serve ", unit, StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder.File(name), unit.Replace("/opt/telemetry/telemetry", "/bin/true", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var (code, output) = await RunAsync(analyze, [], "verify", "--man=no", folder.File(name));

        Assert.Equal((0, ""), (code, output.Trim())); // a setting that it does not know is a line, and no error
    }

    [Fact]
    public void The_unit_for_several_processes_makes_each_role_an_instance()
    {
        var unit = File.ReadAllLines(Repository.File("deploy/telemetry@.service"));
        Assert.Contains("Environment=TELEMETRY__Roles=%i", unit);
        foreach (var role in ServerRoles.All.ToString().Split(','))
        {
            Assert.Equal(role, ServerRoles.Parse(role).ToString());
            Assert.Contains(unit, l => l.Contains($"telemetry@{role}", StringComparison.Ordinal));
        }
    }

    private static string Demand(string program, string package)
    {
        var path = DebianPackage.Program(program, package);
        Assert.False(path is null && Environment.GetEnvironmentVariable("CI") == "true", $"{program} is not installed, and could not be.");
        Assert.SkipWhen(path is null, $"{program} is not installed, and installing it (Debian: {package}) takes root.");
        return path!;
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, Dictionary<string, string> variables, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }

    private static Dictionary<string, object> Map(object node) => ((Dictionary<object, object>)node).ToDictionary(e => (string)e.Key, e => e.Value ?? "");

    private static List<string> List(object node) => ((List<object>)node).ConvertAll(e => (string)e);
}
