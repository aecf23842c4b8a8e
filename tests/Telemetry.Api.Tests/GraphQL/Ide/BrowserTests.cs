using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Telemetry.Api.GraphQL.Http.Ide;
using Telemetry.Api.Tests.GraphQL.TelemetrySchema;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.Ide;

/// <summary>Both pages in a real browser that reaches nothing but the server.</summary>
public sealed class BrowserTests
{
    /// <summary>What a user reads. Editors write spaces that do not break.</summary>
    private const string Text = @"document.body.innerText.replace(/\u00a0/g, ' ')";

    private const string Editor = "document.querySelector('.monaco-editor textarea')";

    private static string Button(string text) => $"[...document.querySelectorAll('button')].find(b => b.innerText.trim() === '{text}')";

    /// <summary>GraphiQL has read the document, a moment after it was written: its tab has the operation's name.</summary>
    private static string Tab(string name) => $"document.querySelector('.graphiql-tab-button').innerText.trim() === '{name}'";

    private static void RequireTheIde()
    {
        if (Directory.Exists(System.IO.Path.Combine(AppContext.BaseDirectory, "ide")))
            return;
        const string Problem = "The build had no npm: there are no pages to open.";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Problem);
        Assert.Skip(Problem);
    }

    private const string Query =
        "query Zones { statistics(meter: \"cpu_util\", range: {from: \"2026-03-30T00:00:00Z\"}, groupBy: [{metadata: \"az\"}]) { buckets { group { value } avg } } }";

    /// <summary>What fits the page: editors show no more.</summary>
    private const string Answered = $"{Text}.includes('\"avg\": 11.5') && {Text}.includes('\"value\": \"b\"') && {Text}.includes('\"avg\": 12.5')";

    [Fact(Timeout = 300_000)]
    public async Task Banana_Cake_Pop_runs_a_query_and_a_subscription_of_Telemetry_and_asks_nobody_else()
    {
        RequireTheIde();
        await using var cloud = await Cloud.StartAsync();
        await using var browser = await Chromium.StartAsync();

        await browser.OpenAsync(cloud.Url);
        await browser.ClickAsync(Button("Create Document"));
        await browser.UntilAsync($"{Text}.includes('Schema available')");
        await browser.UntilAsync($"{Text}.includes('__typename')"); // the first document of the settings

        await WriteAsync(browser, Query);
        await browser.UntilAsync($"{Text}.includes('Zones: Query')");
        await browser.ClickAsync(Button("Run"));
        await browser.UntilAsync(Answered);
        await browser.ScreenshotAsync("banana-cake-pop-query");

        await WriteAsync(browser, "subscription Watch { alarmStateChanged { from to reason alarm { name severity } } }");
        await browser.UntilAsync($"{Text}.includes('Watch: Subscription')");
        await browser.ClickAsync(Button("Run"));
        await cloud.SubscribedAsync(browser);
        await cloud.SetAlarmAsync("alarm");
        await browser.UntilAsync($"{Text}.includes('\"db-1 is hot\"') && {Text}.includes('\"to\": \"ALARM\"')");
        await browser.ScreenshotAsync("banana-cake-pop-subscription");

        await AssertStayedAtHomeAsync(browser, cloud.Url);
    }

    [Fact(Timeout = 300_000)]
    public async Task GraphiQL_runs_a_query_and_a_subscription_of_Telemetry_and_asks_nobody_else()
    {
        RequireTheIde();
        await using var cloud = await Cloud.StartAsync();
        await using var browser = await Chromium.StartAsync();

        // Banana Cake Pop first: what it leaves behind in the browser must not take GraphiQL's place.
        await browser.OpenAsync(cloud.Url);
        await browser.UntilAsync($"{Text}.includes('Create')");
        await browser.OpenAsync($"{cloud.Url}/graphiql");
        await browser.UntilAsync($"document.title === 'Telemetry · GraphiQL' && {Text}.includes('__typename')");

        await WriteAsync(browser, Query);
        await browser.UntilAsync(Tab("Zones"));
        await browser.ClickAsync("document.querySelector('.graphiql-execute-button')");
        await browser.UntilAsync(Answered);
        await browser.ClickAsync("document.querySelector('.graphiql-sidebar button')");
        await browser.UntilAsync($"{Text}.includes('All Schema Types') && {Text}.includes('AlarmsConnection')");
        await browser.ScreenshotAsync("graphiql-query");

        // What the stream has already, and then what comes.
        await WriteAsync(browser, $"subscription Follow {{ streamAppended(stream: \"alarm-{cloud.Alarm}\", after: 0) {{ revision type data }} }}");
        await browser.UntilAsync(Tab("Follow"));
        await browser.ClickAsync("document.querySelector('.graphiql-execute-button')");
        await browser.UntilAsync($"{Text}.includes('\"alarm-created\"')");
        await cloud.SetAlarmAsync("alarm");
        await browser.UntilAsync($"{Text}.includes('\"alarm-state-changed\"') && {Text}.includes('\"revision\": 2')");
        await browser.ScreenshotAsync("graphiql-subscription");

        await AssertStayedAtHomeAsync(browser, cloud.Url);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_build_without_npm_shows_what_is_missing_and_how_to_get_it()
    {
        await using var host = await TestHost.StartOnPortAsync(b => b.AddGraphQLIde("nowhere"));
        await using var browser = await Chromium.StartAsync();

        await browser.OpenAsync(host.Url);
        await browser.UntilAsync($"{Text}.includes('Install Node.js 18 or later with npm') && {Text}.includes('{host.Url}')");
        await browser.ScreenshotAsync("missing");

        Assert.Empty(browser.Escapes);
        Assert.DoesNotContain(browser.Refusals, r => !r.Contains("favicon", StringComparison.Ordinal));
    }

    private static async Task WriteAsync(Chromium browser, string document)
    {
        await browser.EvaluateAsync($"{Editor}.focus()");
        await browser.TypeOverAsync(document);
    }

    private static async Task AssertStayedAtHomeAsync(Chromium browser, string url)
    {
        var server = new Uri(url).Authority;
        Assert.Contains(browser.Requests, r => r.StartsWith("ws:", StringComparison.Ordinal));
        Assert.All(browser.Requests, r => Assert.True(r.StartsWith("blob:", StringComparison.Ordinal) || new Uri(r).Authority == server, r));
        Assert.DoesNotContain(browser.Refusals, r => !r.Contains("service-worker.js", StringComparison.Ordinal));
        Assert.Empty(browser.Escapes);

        // And it would have been seen: a page that does ask somebody else.
        await browser.OpenAsync("about:blank");
        await browser.EvaluateAsync("fetch('http://elsewhere.example/').catch(() => 0)");
        Assert.Contains(browser.Escapes, e => e.Contains("elsewhere.example", StringComparison.Ordinal));
    }

    /// <summary>The program itself, as its users start it, with a day of samples and an alarm.</summary>
    private sealed class Cloud(TemporaryDirectory data, ServerProcess server) : IAsyncDisposable
    {
        private readonly HttpClient _client = new() { BaseAddress = server.Url };

        public string Url => new Uri(server.Url, "graphql").ToString();

        public string Alarm { get; private set; } = "";

        private static CancellationToken Ct => TestContext.Current.CancellationToken;

        public static async Task<Cloud> StartAsync()
        {
            var data = new TemporaryDirectory();
            var (server, _) = await ServerProcess.StartAsync(data.Path, TestHost.PatientServer);
            var cloud = new Cloud(data, server);
            await cloud.SendAsync(HttpMethod.Post, "/v2/samples", Enumerable.Range(0, 24).SelectMany(hour => (object[])
                [TelemetryHost.Sample("cpu_util", hour, $"2026-03-30T{hour:00}:00:00", "web-1", metadata: new { az = "a" }),
                TelemetryHost.Sample("cpu_util", 1 + hour, $"2026-03-30T{hour:00}:00:00", "db-1", metadata: new { az = "b" })]));
            var made = await cloud.SendAsync(HttpMethod.Post, "/v2/alarms", new
            {
                name = "db-1 is hot",
                type = "threshold",
                severity = "critical",
                threshold_rule = new { meter_name = "cpu_util", threshold = 80.0 },
            });
            cloud.Alarm = made["alarm_id"]!.GetValue<string>();
            return cloud;
        }

        public Task<JsonNode> SetAlarmAsync(string state) => SendAsync(HttpMethod.Put, $"/v2/alarms/{Alarm}/state", state);

        /// <summary>Waits until the server has a subscription.</summary>
        public async Task SubscribedAsync(Chromium browser)
        {
            using var often = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
            for (var i = 0; !(await _client.GetStringAsync("/metrics", Ct)).Contains("\ntelemetry_graphql_subscriptions 1\n", StringComparison.Ordinal); i++)
            {
                await often.WaitForNextTickAsync(Ct);
                if (i > 1_200)
                    Assert.Fail($"Nobody subscribed; see {await browser.ScreenshotAsync("failed")}.");
            }
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await server.DisposeAsync();
            data.Dispose();
        }

        private async Task<JsonNode> SendAsync(HttpMethod method, string path, object body)
        {
            using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
            using var response = await _client.SendAsync(request, Ct);
            var text = await response.Content.ReadAsStringAsync(Ct);
            Assert.True(response.IsSuccessStatusCode, text);
            return JsonNode.Parse(text)!;
        }
    }
}
