using System.Text.Json;
using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2.Audit;

public sealed class AsOfTests : IAsyncLifetime
{
    private static readonly (string, string) OfP = ("X-Project-Id", "p");
    private AuditHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await AuditHost.StartAsync();
        await _host.RecordAsync("p", 1);
        await _host.RecordAsync("q", 10);
        await _host.RecordAsync("p", 2, timestamp: "2026-10-05T11:00:00"); // late
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("0", null, null)]
    [InlineData("1", 1.0, 1.0)]
    [InlineData("2", 1.0, 11.0)]
    [InlineData("3", 3.0, 13.0)]
    [InlineData("2999-01-01T00:00:00", 3.0, 13.0)]
    [InlineData("2001-01-01T00:00:00Z", null, null)]
    public async Task Statistics_are_what_they_were_for_a_project_and_for_all(string asOf, double? ofP, double? ofAll)
    {
        Assert.Equal(ofP, Sum(await _host.GetAsync($"/v2/meters/net/statistics?as_of={asOf}", OfP)));
        Assert.Equal(ofAll, Sum(await _host.GetAsync($"/v2/meters/net/statistics?as_of={asOf}")));
    }

    [Fact]
    public async Task Samples_are_those_that_were_known_with_their_ids()
    {
        var today = (await _host.GetAsync("/v2/samples", OfP)).Json.EnumerateArray().ToList();
        var then = (await _host.GetAsync("/v2/samples?as_of=2", OfP)).Json.EnumerateArray().ToList();

        Assert.Equal(2, today.Count);
        Assert.Equal(today[0].ToString(), Assert.Single(then).ToString());
        Assert.Equal("1", Assert.Single((await _host.GetAsync("/v2/meters/net?as_of=1")).Json.EnumerateArray()).GetProperty("counter_volume").ToString()[..1]);
    }

    [Fact]
    public async Task Alarms_are_what_they_were_by_position_and_by_time()
    {
        const string Alarm = """{"name":"a","type":"threshold","threshold_rule":{"meter_name":"net","threshold":1,"comparison_operator":"gt","statistic":"sum","period":60,"evaluation_periods":1}}""";
        var created = await _host.SendAsync("POST", "/v2/alarms", Alarm, OfP);
        Assert.True(created.Status == 201, created.Text);
        var id = created.Json.GetProperty("alarm_id").GetString();
        var before = await _host.Log.HeadAsync(TestContext.Current.CancellationToken);
        var recordedAt = (await _host.Log.FindAsync(before, TestContext.Current.CancellationToken))!.RecordedAt;
        Assert.Equal(200, (await _host.SendAsync("PUT", $"/v2/alarms/{id}/state", "\"alarm\"", OfP)).Status);
        Assert.Equal(204, (await _host.SendAsync("DELETE", $"/v2/alarms/{id}", null, OfP)).Status);

        Assert.Equal(404, (await _host.GetAsync($"/v2/alarms/{id}", OfP)).Status);
        Assert.Equal(404, (await _host.GetAsync($"/v2/alarms/{id}?as_of={before - 1}", OfP)).Status);
        Assert.Equal("insufficient data", (await _host.GetAsync($"/v2/alarms/{id}?as_of={before}", OfP)).Json.GetProperty("state").GetString());
        Assert.Equal("alarm", (await _host.GetAsync($"/v2/alarms/{id}?as_of={before + 1}", OfP)).Json.GetProperty("state").GetString());
        Assert.Equal("insufficient data", (await _host.GetAsync($"/v2/alarms/{id}?as_of={recordedAt:yyyy-MM-ddTHH:mm:ss.fffffff}", OfP)).Json.GetProperty("state").GetString());
        Assert.Single((await _host.GetAsync($"/v2/alarms?as_of={before}", OfP)).Json.EnumerateArray());
        Assert.Empty((await _host.GetAsync($"/v2/alarms?as_of={before}", ("X-Project-Id", "q"))).Json.EnumerateArray());
        Assert.Empty((await _host.GetAsync("/v2/alarms", OfP)).Json.EnumerateArray());
    }

    [Fact]
    public async Task Samples_are_those_that_were_known_at_a_time()
    {
        var first = (await _host.Log.FindAsync(1, TestContext.Current.CancellationToken))!.RecordedAt;
        var second = (await _host.Log.FindAsync(3, TestContext.Current.CancellationToken))!.RecordedAt;
        Assert.True(first < second);

        Assert.Single((await _host.GetAsync($"/v2/samples?as_of={first:yyyy-MM-ddTHH:mm:ss.fffffff}", OfP)).Json.EnumerateArray());
        Assert.Equal(2, (await _host.GetAsync($"/v2/samples?as_of={second:yyyy-MM-ddTHH:mm:ss.fffffff}", OfP)).Json.EnumerateArray().Count());
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("-1")]
    [InlineData("1.5")]
    public async Task What_is_no_time_of_the_log_is_refused(string asOf)
    {
        var answer = await _host.GetAsync($"/v2/samples?as_of={asOf}");

        Assert.Equal(400, answer.Status);
        Assert.Contains("as_of", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_may_be_replayed_is_refused_with_what_to_do()
    {
        await using var host = await AuditHost.StartAsync(("Telemetry:AsOf:MaxSamples", "1000"));
        var batch = JsonSerializer.Serialize(Enumerable.Range(0, 1001).Select(n => new
        {
            counter_name = "net",
            counter_type = "delta",
            counter_unit = "MB",
            counter_volume = n,
            resource_id = "r",
            project_id = "p",
            timestamp = "2026-10-05T12:00:00",
        }));
        Assert.Equal(201, (await host.SendAsync("POST", "/v2/meters/net", batch, ("X-Roles", "admin"))).Status);

        var answer = await host.GetAsync("/v2/meters/net/statistics?as_of=1", OfP);

        Assert.Equal(400, answer.Status);
        Assert.Contains("More than 1000 samples would have to be replayed", answer.Text, StringComparison.Ordinal);
    }

    private static double? Sum(Answer answer)
    {
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json.EnumerateArray().Select(r => (double?)r.GetProperty("sum").GetDouble()).SingleOrDefault();
    }
}
