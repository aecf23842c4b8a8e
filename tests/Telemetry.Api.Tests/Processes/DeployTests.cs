using Microsoft.Extensions.Configuration;
using Telemetry.Api.Hosting;
using YamlDotNet.Serialization;

namespace Telemetry.Api.Tests.Processes;

/// <summary>What lies in <c>deploy/</c> is read, as nothing here can run it.</summary>
public sealed class DeployTests
{
    [Fact]
    public void The_compose_file_names_what_it_declares_and_settings_that_the_program_takes()
    {
        var compose = (Dictionary<object, object>)new DeserializerBuilder().Build().Deserialize(File.ReadAllText(TestData.Path("../../deploy/compose.yaml")))!;
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

    private static Dictionary<string, object> Map(object node) => ((Dictionary<object, object>)node).ToDictionary(e => (string)e.Key, e => e.Value ?? "");

    private static List<string> List(object node) => ((List<object>)node).ConvertAll(e => (string)e);
}
