using System.Diagnostics;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>The real aodh client (Debian's python3-aodhclient) against the program: by itself, within the openstack client, and as Heat calls it.</summary>
public sealed class AodhClientTests
{
    private static readonly string? Client = DebianPackage.Program("aodh", "python3-aodhclient");
    private static readonly string? OpenStack = DebianPackage.Program("openstack", "python3-openstackclient");

    [Fact]
    public async Task It_creates_lists_updates_shows_history_sets_the_state_and_deletes()
    {
        Demand(Client);
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

    /// <summary>It fails without a word where an error is a text alone.</summary>
    [Fact]
    public async Task It_prints_why_something_is_refused()
    {
        Demand(Client);
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            var url = server.Url.ToString().TrimEnd('/');
            string[] Member(string at) => ["--os-auth-type", "aodh-noauth", "--user-id", "u1", "--project-id", "p1", "--roles", "member", "--aodh-endpoint", at];
            const string id = "5f0a3b56-7b1e-4c07-8b34-a5d1ab3b0b1d";
            foreach (var (identity, command, reason) in new (string[], string, string)[]
                {
                    (["--os-auth-type", "none", "--os-endpoint", url], "alarm list", "RBAC Authorization Failed (HTTP 403)"),
                    (Member(url), "alarm list --filter all_projects=true", "RBAC Authorization Failed (HTTP 403)"),
                    (Member(url), "alarm list --filter project_id=p2", "Not Authorized to access project p2 (HTTP 401)"),
                    (Member(url), $"alarm show {id}", $"Alarm {id} not found (HTTP 404)"),
                    (Member(url), "alarm create --name n --type event --alarm-action spam://x", "Unsupported action spam://x (HTTP 400)"),
                    (Member($"{url}/nowhere"), "alarm list", "Not Found: the resource could not be found. (HTTP 404)"),
                })
            {
                var (code, _, error) = await RunToEndAsync(Client!, [.. identity, .. command.Split(' ')], []);

                Assert.NotEqual(0, code);
                Assert.StartsWith(reason, error, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_openstack_client_has_its_commands_too()
    {
        Demand(Client);
        Demand(OpenStack);
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            async Task<string> OpenStackAsync(string command) => await RunAsync(OpenStack!, command.Split(' '), new()
            {
                ["OS_AUTH_TYPE"] = "aodh-noauth",
                ["OS_USER_ID"] = "u1",
                ["OS_PROJECT_ID"] = "p1",
                ["OS_ROLES"] = "member",
                ["OS_AODH_ENDPOINT"] = server.Url.ToString().TrimEnd('/'),
            });
            var id = Json(await OpenStackAsync("alarm create --name disk --type event --event-type volume.* -f json")).GetProperty("alarm_id").GetString()!;
            Assert.Equal("disk", Lines(await OpenStackAsync("alarm list -c name -f value")));
            Assert.Equal("critical", Lines(await OpenStackAsync($"alarm update {id} --severity critical -c severity -f value")));
            await OpenStackAsync($"alarm state set {id} --state alarm");
            Assert.Equal("alarm", Lines(await OpenStackAsync($"alarm show {id} -c state -f value")));
            Assert.Contains("state transition", await OpenStackAsync($"alarm-history show {id} -c type -f value"), StringComparison.Ordinal);
            Assert.Equal("-1", Lines(await OpenStackAsync("alarm quota show --project p1 -c alarms -f value")));
            await OpenStackAsync($"alarm delete {id}");
            Assert.Equal("", Lines(await OpenStackAsync("alarm list -c name -f value")));
        }
    }

    /// <summary>The calls that Heat's OS::Aodh resources make through the client's library: create, update (of a part), check, suspend, resume, delete.</summary>
    [Fact]
    public async Task Heats_resources_are_created_updated_suspended_and_deleted()
    {
        Demand(Client);
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            var output = await RunAsync("/usr/bin/python3", ["-c", Heat, server.Url.ToString().TrimEnd('/')], []);
            Assert.Equal(
                "threshold event gnocchi_resources_threshold gnocchi_aggregation_by_metrics_threshold gnocchi_aggregation_by_resources_threshold composite prometheus loadbalancer_member_health",
                Lines(output));
        }
    }

    /// <summary>Heat's engine itself (Debian's python3-heat) with stacks of OS::Aodh resources; it has none for prometheus, and needs Octavia for load balancers.</summary>
    [Fact]
    public async Task Heats_engine_creates_checks_updates_suspends_resumes_and_deletes_stacks_of_alarms()
    {
        Demand(Client);
        Demand(DebianPackage.HasFile("/usr/lib/python3/dist-packages/heat/engine/stack.py", "python3-heat") ? "/usr/bin/python3" : null);
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            var output = await RunAsync("/usr/bin/python3", [TestData.Path("alarms/heat_stack.py"), server.Url.ToString().TrimEnd('/'), "http://127.0.0.1:1"], []);

            Assert.Equal(
                "created composite event gnocchi_aggregation_by_metrics_threshold gnocchi_aggregation_by_resources_threshold gnocchi_resources_threshold threshold"
                + " checked updated resumed removed made again deleted",
                Lines(output));
        }
    }

    // Bodies as heat/engine/resources/openstack/aodh builds them out of properties with their defaults.
    private const string Heat = """
        import json, sys
        from aodhclient.v2 import client
        from aodhclient import noauth, exceptions
        from keystoneauth1 import session
        auth = noauth.AodhNoAuthPlugin('u1', 'p1', 'member', sys.argv[1])
        aodh = client.Client(session=session.Session(auth=auth))
        url = 'http://heat:8000/v1/signal/arn%3Aopenstack%3Aheat%3A%3Ap1%3Astacks/s/up?Timestamp=2026-11-20T10%3A00%3A00Z&SignatureMethod=HmacSHA256&AWSAccessKeyId=k&SignatureVersion=2&Signature=s%3D'
        common = {'description': 'Scale up', 'enabled': True, 'severity': 'low', 'repeat_actions': True, 'alarm_actions': [url], 'ok_actions': [], 'insufficient_data_actions': [],
                  'time_constraints': [{'name': 'office', 'start': '0 8 * * *', 'duration': 3600, 'timezone': 'Europe/Vienna'}]}
        gnocchi = {'comparison_operator': 'gt', 'evaluation_periods': 1, 'aggregation_method': 'mean', 'granularity': 300, 'threshold': 50}
        resources = [
            ('threshold', {'period': 60, 'evaluation_periods': 1, 'threshold': 50, 'statistic': 'avg', 'comparison_operator': 'gt', 'meter_name': 'cpu_util',
                'query': [{'field': 'metadata.metering.server_group', 'op': 'eq', 'value': 'stack'}, {'field': 'metadata.user_metadata.a', 'op': 'eq', 'value': '1'}]}),
            ('event', {'event_type': 'compute.instance.update', 'query': [{'field': 'traits.resource_id', 'type': 'string', 'op': 'eq', 'value': 'r'}]}),
            ('gnocchi_resources_threshold', dict(gnocchi, metric='cpu', resource_id='r', resource_type='instance')),
            ('gnocchi_aggregation_by_metrics_threshold', dict(gnocchi, metrics=['cpu', 'memory'])),
            ('gnocchi_aggregation_by_resources_threshold', dict(gnocchi, metric='cpu', resource_type='instance', query='{"=": {"server_group": "stack"}}')),
            ('composite', {'or': [dict(gnocchi, type='gnocchi_resources_threshold', metric='cpu', resource_id='r', resource_type='instance'),
                                  {'and': [dict(gnocchi, type='gnocchi_aggregation_by_metrics_threshold', metrics=['cpu']), dict(gnocchi, type='gnocchi_aggregation_by_metrics_threshold', metrics=['memory'])]}]}),
            ('prometheus', {'query': 'rate(cpu[5m])', 'threshold': 50, 'comparison_operator': 'gt'}),
            ('loadbalancer_member_health', {'pool_id': 'p', 'stack_id': 's', 'autoscaling_group_id': 'a'})]
        for kind, rule in resources:
            key = 'composite_rule' if kind == 'composite' else kind + '_rule'
            created = aodh.alarm.create(dict(common, name='stack-%s' % kind, type=kind, **{key: rule}))
            alarm = created['alarm_id']
            assert created['time_constraints'][0]['duration'] == 3600 and created['alarm_actions'] == [url], created
            aodh.alarm.update(alarm, dict(common, type=kind, description='Scale down', **{key: rule}))
            aodh.alarm.update(alarm, {'enabled': False})
            suspended = aodh.alarm.get(alarm)
            assert not suspended['enabled'] and suspended['description'] == 'Scale down' and suspended['type'] == kind, suspended
            aodh.alarm.update(alarm, {'enabled': True})
            assert aodh.alarm.get(alarm)[key] == created[key], (created, aodh.alarm.get(alarm))
            aodh.alarm.delete(alarm)
            try:
                aodh.alarm.delete(alarm)
                raise SystemExit('it is still there')
            except exceptions.NotFound:
                print(kind)
        """;

    private static void Demand(string? program)
    {
        Assert.SkipWhen(
            program is null && Environment.GetEnvironmentVariable("CI") != "true", "The clients are not installed, and installing them (Debian: python3-aodhclient, python3-openstackclient, python3-heat) takes root.");
        Assert.NotNull(program);
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);

    private static string Lines(string text) => string.Join(' ', text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static Task<string> RunAsync(ServerProcess server, string command) => RunAsync(
        Client!,
        ["--os-auth-type", "aodh-noauth", "--user-id", "u1", "--project-id", "p1", "--roles", "member", "--aodh-endpoint", server.Url.ToString().TrimEnd('/'), .. command.Split(' ')],
        []);

    private static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, Dictionary<string, string> environment)
    {
        var (code, output, error) = await RunToEndAsync(program, arguments, environment);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {error}");
        return output;
    }

    private static async Task<(int Code, string Output, string Error)> RunToEndAsync(string program, IReadOnlyList<string> arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
