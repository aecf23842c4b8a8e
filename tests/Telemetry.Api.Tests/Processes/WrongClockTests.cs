using System.Diagnostics;
using System.Globalization;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>One of two processes on one PostgreSQL database has a wrong clock.</summary>
public sealed class WrongClockTests : IAsyncLifetime
{
    private ServerGroup _group = null!;

    public async ValueTask InitializeAsync() => _group = await ServerGroup.CreateAsync();

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    [Theory]
    [InlineData("+10m")]
    [InlineData("-10m")]
    public async Task A_process_whose_clock_is_ten_minutes_off_shares_the_work_tells_the_right_time_and_answers_as_the_others(string offset)
    {
        await using var webhook = await Webhook.StartAsync();
        _group.Client.DefaultRequestHeaders.Add("X-Roles", "admin");
        var right = await _group.StartAsync();
        var wrong = await _group.StartAsync("", WrongClock.Settings(offset));
        using (var answer = await _group.Client.GetAsync(new Uri(wrong.Url, "/healthz/live"), TestContext.Current.CancellationToken))
            Assert.InRange((answer.Headers.Date!.Value - DateTimeOffset.UtcNow).Duration(), TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(11)); // it really is
        await Poll.UntilAsync(async () => await _group.HoldersAsync() is [_, _]);
        await Poll.UntilAsync(async () => await _group.FreeAsync() == 0);
        var epochs = await EpochsAsync();

        // An alarm looks at the last minute: ten minutes off it would see nothing, and nobody would be called.
        for (var i = 0; i < 8; i++)
        {
            using var created = await _group.SendAsync(i % 2 == 0 ? right : wrong, HttpMethod.Post, "/v2/alarms", $$"""
                {"name": "a{{i}}", "type": "threshold", "alarm_actions": ["{{webhook.Url}}/{{i}}"], "state": "ok",
                 "threshold_rule": {"meter_name": "load", "threshold": 50, "comparison_operator": "gt", "period": 60} }
                """);
            Near(await ValueAsync(created, "timestamp"));
        }
        await Poll.UntilAsync(async () => // values for as long as it takes, as an agent sends them; at a time that the server gives
        {
            using var posted = await _group.SendAsync(wrong, HttpMethod.Post, "/v2/samples", """
                [{"counter_name": "load", "counter_type": "gauge", "counter_unit": "%", "counter_volume": 90, "resource_id": "r", "project_id": "p", "user_id": "u"}]
                """);
            Near(await ValueAsync(posted, "timestamp"));
            return webhook.Received.DistinctBy(call => call.Path).Count() == 8;
        });
        var position = await _group.PostAsync(right, 1);
        Assert.Equal(await _group.CountAsync(right, position), await _group.CountAsync(wrong, position));
        foreach (var sample in System.Text.Json.JsonElement.Parse(await _group.Client.GetStringAsync(new Uri(wrong.Url, "/v2/samples"), TestContext.Current.CancellationToken)).EnumerateArray())
            Near(sample.GetProperty("recorded_at").GetString()!);
        foreach (var path in new[] { "/v2/samples", "/v2/meters/load/statistics", "/v2/resources", "/v2/alarms" })
        {
            var answers = new List<string>();
            foreach (var server in new[] { right, wrong })
                answers.Add((await _group.Client.GetStringAsync(new Uri(server.Url, path), TestContext.Current.CancellationToken)).Replace(server.Url.Authority, "HOST", StringComparison.Ordinal));
            Assert.Equal(answers[0], answers[1]);
        }
        Assert.Equal(epochs, await EpochsAsync()); // nobody has lost or taken anything
        Assert.Equal(8, webhook.Received.Count); // nothing was told twice

        await right.KillAsync();
        var clock = Stopwatch.StartNew();
        await Poll.UntilAsync(async () => await _group.HoldersAsync() is [_] && await _group.FreeAsync() == 0);
        Assert.True(clock.Elapsed < ManyProcessesTests.TakeOver, $"It took {clock.Elapsed}.");
        position = await _group.PostAsync(wrong, 2);
        await Poll.UntilAsync(async () => await _group.StoredAsync() >= position);

        Task<string?> EpochsAsync() => _group.Database.ScalarAsync<string>("select string_agg(share || ' ' || epoch, ',' order by share) from read_models.lease");

        static void Near(string time) =>
            Assert.InRange(DateTime.Parse(time, CultureInfo.InvariantCulture) - DateTime.UtcNow, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));

        static async Task<string> ValueAsync(HttpResponseMessage answer, string field)
        {
            var body = System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            return (body.ValueKind == System.Text.Json.JsonValueKind.Array ? body[0] : body).GetProperty(field).GetString()!;
        }
    }
}
