using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Telemetry.Agents.Alarms;
using Telemetry.Agents.Alarms.Actions;
using Telemetry.Conformance;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Leases;

namespace Telemetry.Agents.Tests.Alarms;

public sealed class NotifierTests
{
    [Fact]
    public async Task One_action_that_fails_keeps_no_other_from_being_called_and_all_are_recorded()
    {
        await using var webhook = await Webhook.StartAsync(c =>
        {
            c.Response.StatusCode = c.Request.Path == "/broken" ? 500 : 200;
            return Task.CompletedTask;
        });
        await using var bench = await AlarmBench.StartAsync(null, ("WebhookRetries", "0"));

        bench.Notifier.Tell(Notification(
            "http://127.0.0.1:1/nobody", $"{webhook.Url}/broken", "trust+http://h/x", "trust+https://h/x", "zaqar://?topic=t", "trust+zaqar://?queue_name=q", "trust+heat://", "log://",
            "test://", $"{webhook.Url}/fine"), Guid.NewGuid());
        await bench.Notifier.IdleAsync();

        var deliveries = (await bench.DeliveriesAsync("a")).ToDictionary(d => d.Action);
        Assert.Equal(["/broken", "/fine"], webhook.Received.Select(r => r.Path).Order());
        Assert.Equal(("failed", 1), (deliveries["http://127.0.0.1:1/nobody"].Outcome, deliveries["http://127.0.0.1:1/nobody"].Attempts));
        Assert.Equal(("delivered", "500 Internal Server Error", 1), (deliveries[$"{webhook.Url}/broken"].Outcome, deliveries[$"{webhook.Url}/broken"].Detail, deliveries[$"{webhook.Url}/broken"].Attempts));
        foreach (var (action, scheme) in new[] { ("trust+http://h/x", "trust+http"), ("trust+https://h/x", "trust+https"), ("zaqar://?topic=t", "zaqar"), ("trust+zaqar://?queue_name=q", "trust+zaqar"), ("trust+heat://", "trust+heat") })
            Assert.Equal(("refused", $"an action of scheme {scheme} needs Keystone, which is not configured"), (deliveries[action].Outcome, deliveries[action].Detail));
        Assert.Equal(("delivered", "logged"), (deliveries["log://"].Outcome, deliveries["log://"].Detail));
        Assert.Equal(("delivered", "200 OK"), (deliveries[$"{webhook.Url}/fine"].Outcome, deliveries[$"{webhook.Url}/fine"].Detail));
        Assert.Equal(10, deliveries.Count);
        Assert.Single(bench.Told);
    }

    [Fact]
    public async Task A_logged_action_is_one_line_that_tells_everything()
    {
        await using var bench = await AlarmBench.StartAsync();

        bench.Notifier.Tell(Notification("log://"), Guid.NewGuid());
        await bench.Notifier.IdleAsync();

        Assert.Single(bench.Logged, l => l == "Information: Notifying alarm name a of low priority from ok to alarm with action log:// because why.");
    }

    [Fact]
    public async Task A_webhook_gets_seven_keys_two_headers_and_nothing_that_identifies_the_caller()
    {
        await using var webhook = await Webhook.StartAsync();
        await using var bench = await AlarmBench.StartAsync();

        bench.Notifier.Tell(Notification($"{webhook.Url}/a%20b?x=1&y=%2F"), Guid.NewGuid());
        await bench.Notifier.IdleAsync();

        var (path, body, headers) = Assert.Single(webhook.Received);
        Assert.Equal("/a%20b?x=1&y=%2F", path); // as the owner wrote it
        Assert.Equal("""{"alarm_name":"name","alarm_id":"a","severity":"low","previous":"ok","current":"alarm","reason":"why","reason_data":{}}""", body);
        Assert.Equal(["Content-Length", "Content-Type", "Host", "x-openstack-request-id"], headers.Keys.Order(StringComparer.OrdinalIgnoreCase));
        Assert.Equal("application/json", headers.ContentType);
        Assert.Matches("^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", headers["x-openstack-request-id"].ToString());
    }

    [Fact]
    public async Task Notifications_of_one_alarm_are_told_in_their_order()
    {
        await using var webhook = await Webhook.StartAsync();
        await using var bench = await AlarmBench.StartAsync();

        for (var i = 0; i < 20; i++)
            bench.Notifier.Tell(Notification($"{webhook.Url}/{i}"), Guid.NewGuid());
        await bench.Notifier.IdleAsync();

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"/{i}"), webhook.Received.Select(r => r.Path));
    }

    [Fact]
    public async Task An_alarm_whose_webhook_hangs_delays_no_other()
    {
        var release = new TaskCompletionSource();
        await using var hanging = await Webhook.StartAsync(_ => release.Task);
        await using var webhook = await Webhook.StartAsync();
        await using var bench = await AlarmBench.StartAsync();

        bench.Notifier.Tell(Notification($"{hanging.Url}/"), Guid.NewGuid());
        bench.Notifier.Tell(Notification($"{webhook.Url}/") with { AlarmId = "b" }, Guid.NewGuid());
        await webhook.Called;
        release.SetResult();
        await bench.Notifier.IdleAsync();

        Assert.Single(await bench.DeliveriesAsync("a"));
    }

    [Fact]
    public async Task What_cannot_be_connected_to_is_tried_again_after_longer_and_longer_pauses()
    {
        await using var bench = await AlarmBench.StartAsync(null, ("WebhookRetries", "3"), ("WebhookTimeoutSeconds", "600"));
        var pauses = new List<double>();

        var sending = bench.Get<HttpAction>().SendAsync("http://127.0.0.1:1/", "{}", 3, TestContext.Current.CancellationToken);
        while (await Task.WhenAny(sending, bench.Time.NextTimerAsync()) is Task<TimeSpan> timer)
        {
            var pause = await timer;
            if (pause == TimeSpan.FromSeconds(600)) // of the attempt itself
                continue;
            pauses.Add(pause.TotalSeconds);
            bench.Time.Advance(pause);
        }

        Assert.Equal(("failed", 4), ((await sending).Outcome, (await sending).Attempts));
        Assert.Equal([1.0, 2.0, 4.0], pauses);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_given_up()
    {
        var release = new TaskCompletionSource();
        await using var webhook = await Webhook.StartAsync(_ => release.Task);
        await using var bench = await AlarmBench.StartAsync(null, ("WebhookTimeoutSeconds", "3"));

        var sending = bench.Get<HttpAction>().SendAsync($"{webhook.Url}/", "{}", 3, TestContext.Current.CancellationToken);
        await webhook.Called;
        bench.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(ActionResult.Failed("no answer within 3 s", 1), await sending);
        release.SetResult();
    }

    [Fact]
    public async Task An_answer_of_a_gigabyte_is_not_read()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var writing = WriteAsync(listener);
        await using var bench = await AlarmBench.StartAsync();

        Assert.Equal("200 OK", (await bench.Get<HttpAction>().SendAsync($"http://{listener.LocalEndpoint}/", "{}", 0, TestContext.Current.CancellationToken)).Detail);
        Assert.InRange(await writing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), 0, 256L << 20); // what fits into buffers of the system

        // By hand: a server's framework takes what is written to a connection that is gone already.
        static async Task<long> WriteAsync(TcpListener listener)
        {
            using var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
            var (block, written) = (new byte[1 << 20], 0L);
            try
            {
                await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"u8.ToArray());
                for (; written < 1L << 30; written += block.Length)
                    await socket.SendAsync(block);
            }
            catch (SocketException)
            {
                // Whoever asked has left.
            }
            return written;
        }
    }

    [Fact]
    public async Task Headers_without_end_are_given_up()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var bench = await AlarmBench.StartAsync();

        var sending = bench.Get<HttpAction>().SendAsync($"http://{listener.LocalEndpoint}/", "{}", 0, TestContext.Current.CancellationToken);
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var line = System.Text.Encoding.ASCII.GetBytes($"X-More: {new string('x', 1_000)}\r\n");
        try
        {
            await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            for (var i = 0; i < 1_000_000 && !sending.IsCompleted; i++)
                await client.GetStream().WriteAsync(line, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // Whoever asked has left.
        }

        Assert.Equal("failed", (await sending).Outcome);
    }

    [Fact]
    public async Task An_answer_that_comes_byte_by_byte_is_given_up()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var bench = await AlarmBench.StartAsync(null, ("WebhookTimeoutSeconds", "3"));

        var sending = bench.Get<HttpAction>().SendAsync($"http://{listener.LocalEndpoint}/", "{}", 0, TestContext.Current.CancellationToken);
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        foreach (var slow in "HTTP/1.1")
        {
            client.GetStream().WriteByte((byte)slow);
            bench.Time.Advance(TimeSpan.FromMilliseconds(400));
        }

        Assert.Equal(ActionResult.Failed("no answer within 3 s", 1), await sending);
    }

    [Fact]
    public async Task A_redirect_does_not_lead_to_where_webhooks_may_not_go()
    {
        await using var secret = await Webhook.StartAsync();
        await using var open = await Webhook.StartAsync(
            c =>
            {
                c.Response.Redirect($"{secret.Url}/", permanent: false, preserveMethod: true);
                return Task.CompletedTask;
            },
            "http://127.0.0.2:0");
        await using var bench = await AlarmBench.StartAsync(null, ("RestrictWebhooks", "true"), ("AllowedNetworks:0", "127.0.0.2/32"));

        Assert.Equal(
            ActionResult.Refused("webhooks may not reach 127.0.0.1 (127.0.0.1)"),
            await bench.Get<HttpAction>().SendAsync($"{open.Url}/", "{}", 0, TestContext.Current.CancellationToken));
        Assert.Empty(secret.Received);
    }

    [Fact]
    public async Task Redirects_are_followed_but_not_for_ever()
    {
        await using var webhook = await Webhook.StartAsync(c =>
        {
            if (c.Request.Path != "/there")
                c.Response.Redirect(c.Request.Path == "/here" ? "/there" : "/again", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        });
        await using var bench = await AlarmBench.StartAsync();
        var http = bench.Get<HttpAction>();

        Assert.Equal("200 OK", (await http.SendAsync($"{webhook.Url}/here", "{}", 0, TestContext.Current.CancellationToken)).Detail);
        Assert.Equal("307 Temporary Redirect", (await http.SendAsync($"{webhook.Url}/again", "{}", 0, TestContext.Current.CancellationToken)).Detail);
    }

    [Fact]
    public async Task Where_webhooks_are_restricted_loopback_is_refused_unless_allowed()
    {
        await using var webhook = await Webhook.StartAsync();
        await using var restricted = await AlarmBench.StartAsync(null, ("RestrictWebhooks", "true"));
        await using var allowed = await AlarmBench.StartAsync(null, ("RestrictWebhooks", "true"), ("AllowedNetworks:0", "127.0.0.0/8"));

        var refused = await restricted.Get<HttpAction>().SendAsync($"{webhook.Url}/", "{}", 3, TestContext.Current.CancellationToken);
        var sent = await allowed.Get<HttpAction>().SendAsync($"{webhook.Url}/", "{}", 3, TestContext.Current.CancellationToken);

        Assert.Equal(ActionResult.Refused("webhooks may not reach 127.0.0.1 (127.0.0.1)"), refused);
        Assert.Equal("delivered", sent.Outcome);
        Assert.Single(webhook.Received);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("fe80::1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.0.0.1", true)]
    [InlineData("93.184.216.34", true)]
    [InlineData("2001:db8::1", true)]
    public void A_restriction_is_on_special_addresses(string address, bool allowed)
    {
        Assert.Equal(allowed, new WebhookPolicy(true, []).Allows(IPAddress.Parse(address)));
        Assert.True(new WebhookPolicy(false, []).Allows(IPAddress.Parse(address)));
        Assert.True(new WebhookPolicy(true, [IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0")]).Allows(IPAddress.Parse(address)));
    }

    [Fact]
    public async Task The_clock_evaluates_on_multiples_of_the_interval()
    {
        await using var bench = await AlarmBench.StartAsync(null, ("EvaluationIntervalSeconds", "60"));
        var alarm = await bench.CreateAsync("{'name': 'n', 'type': 'threshold', 'state': 'ok', 'threshold_rule': {'meter_name': 'cpu', 'threshold': 80}}");
        bench.Time.Advance(TimeSpan.FromSeconds(17));
        var service = Service(bench);
        await service.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(TimeSpan.FromSeconds(43), await bench.Time.NextTimerAsync());
        bench.Time.Advance(TimeSpan.FromSeconds(43));
        Assert.Equal(TimeSpan.FromSeconds(60), await bench.Time.NextTimerAsync()); // the cycle is over
        await service.StopAsync(TestContext.Current.CancellationToken);

        Assert.EndsWith(":00", (await bench.FindAsync(alarm.Id)).Window, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_waits_for_a_webhook_that_has_been_called_and_calls_none_that_has_not()
    {
        var release = new TaskCompletionSource();
        await using var webhook = await Webhook.StartAsync(_ => release.Task);
        await using var bench = await AlarmBench.StartAsync();
        using var service = Service(bench);
        await service.StartAsync(TestContext.Current.CancellationToken);
        bench.Notifier.Tell(Notification($"{webhook.Url}/called"), Guid.NewGuid());
        bench.Notifier.Tell(Notification($"{webhook.Url}/next"), Guid.NewGuid());
        await webhook.Called;

        var stopping = service.StopAsync(TestContext.Current.CancellationToken);
        release.SetResult();
        await stopping;

        Assert.EndsWith("/called", Assert.Single(await bench.DeliveriesAsync("a")).Action, StringComparison.Ordinal);
        Assert.Single(webhook.Received);
    }

    private static AlarmEvaluationService Service(AlarmBench bench) => new(
        bench.Evaluator, bench.Notifier, bench.Get<PendingNotifications>(), bench.Get<EventAlarmListener>(), new AllLeases(),
        bench.Get<Microsoft.Extensions.Options.IOptions<AlarmsOptions>>(), bench.Time, bench.Get<Microsoft.Extensions.Logging.ILogger<AlarmEvaluationService>>());

    private static AlarmNotification Notification(params string[] actions) =>
        new("a", "name", AlarmSeverity.Low, AlarmState.Ok, AlarmState.Alarm, "why", "{}", actions);
}
