using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2;

/// <summary>Whatever comes in, the answer is a clear one of the client's faults, and soon.</summary>
public sealed class OddInputTests
{
    private static readonly string[] Questions = ["/v2/meters", "/v2/samples", "/v2/resources", "/v2/meters/cpu_util", "/v2/meters/cpu_util/statistics"];

    [Fact]
    public async Task Ten_thousand_conditions_are_refused()
    {
        await using var host = await ApiHost.StartAsync();
        var many = string.Join('&', Enumerable.Repeat("q.field=user", 2_000));
        var long_ = string.Join('&', Enumerable.Repeat("q.field=user&q.value=x", 10_000));
        var body = JsonSerializer.Serialize(new { q = Enumerable.Repeat(new { field = "user", value = "x" }, 10_000) });

        foreach (var path in Questions)
        {
            (await SoonAsync(() => host.GetAsync($"{path}?{many}"))).AssertFault(400, "The query string has more than 1000 parameters.");
            (await SoonAsync(() => host.GetAsync($"{path}?{long_}"))).AssertFault(414, $"The query string has {long_.Length + 1} characters; at most 65536 are read.");
            (await SoonAsync(() => host.SendAsync("GET", path, body))).AssertFault(400, "Invalid input for field/attribute q. Value: '10000 items'. There are at most 1000 of them.");
        }
    }

    [Fact]
    public async Task A_thousand_conditions_are_answered()
    {
        await using var host = await ApiHost.StartAsync();
        var body = JsonSerializer.Serialize(new { q = Enumerable.Repeat(new { field = "user", value = "u1" }, 1_000) });

        Assert.Equal(3, (await SoonAsync(() => host.SendAsync("GET", "/v2/samples", body))).Json.GetArrayLength());
    }

    [Fact]
    public async Task JSON_ten_thousand_deep_is_refused()
    {
        await using var host = await ApiHost.StartAsync();
        var lists = string.Concat(Enumerable.Repeat("[", 10_000)) + string.Concat(Enumerable.Repeat("]", 10_000));
        var nots = string.Concat(Enumerable.Repeat("""{"not":""", 10_000)) + """{"=":{"meter":"x"}}""" + new string('}', 10_000);

        foreach (var path in Questions)
            (await SoonAsync(() => host.SendAsync("GET", path, lists))).AssertFault(400, "Request is nested deeper than 64 levels");
        (await SoonAsync(() => host.PostAsync("/v2/query/samples", lists))).AssertFault(400, "Request is nested deeper than 64 levels");
        var answer = await SoonAsync(() => host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { filter = nots })));
        Assert.Equal(400, (int)answer.Status);
        Assert.StartsWith("Filter expression not valid: ", answer.Fault, StringComparison.Ordinal);
        answer = await SoonAsync(() => host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { orderby = lists })));
        Assert.StartsWith("Order-by expression not valid: ", answer.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_as_deep_as_allowed_is_answered()
    {
        await using var host = await ApiHost.StartAsync();
        var nots = string.Concat(Enumerable.Repeat("""{"not":""", 120)) + """{"=":{"meter":"orphan"}}""" + new string('}', 120);
        var ands = string.Concat(Enumerable.Repeat("""{"and":[{"=":{"meter":"orphan"}},""", 60)) + """{"=":{"meter":"orphan"}}""" + string.Concat(Enumerable.Repeat("]}", 60));

        Assert.Equal(1, (await SoonAsync(() => host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { filter = nots })))).Json.GetArrayLength());
        Assert.Equal(1, (await SoonAsync(() => host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { filter = ands })))).Json.GetArrayLength());
    }

    [Fact]
    public async Task A_filter_of_too_many_values_or_patterns_is_refused()
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var filter in (string[])[
            JsonSerializer.Serialize(new Dictionary<string, object> { ["in"] = new { meter = Enumerable.Range(0, 1_001).Select(i => $"m{i}") } }),
            JsonSerializer.Serialize(new Dictionary<string, object> { ["or"] = Enumerable.Repeat(new Dictionary<string, object> { ["="] = new { meter = "m" } }, 1_001) })])
        {
            (await SoonAsync(() => host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { filter }))))
                .AssertFault(400, "Filter expression not valid: it compares with more than 1000 values");
        }
        var patterns = JsonSerializer.Serialize(new Dictionary<string, object> { ["or"] = Enumerable.Repeat(new Dictionary<string, object> { ["=~"] = new { meter = "m" } }, 21) });
        (await SoonAsync(() => host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { filter = patterns }))))
            .AssertFault(400, "Filter expression not valid: it has more than 20 regular expressions");
        var pattern = JsonSerializer.Serialize(new Dictionary<string, object> { ["=~"] = new { meter = new string('a', 1_001) } });
        (await SoonAsync(() => host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { filter = pattern }))))
            .AssertFault(400, "Filter expression not valid: a regular expression has 1001 characters, at most 1000 are allowed");
    }

    // Each takes ages in an engine that backtracks; the last two need such an engine, and are cut off.
    [Theory]
    [InlineData("^(a+)+$", 200)]
    [InlineData("^(a|aa)+$", 200)]
    [InlineData("(a*)*b", 200)]
    [InlineData("(.*){1,32000}[bc]", 400)]
    [InlineData(@"^(?=(a+)+$)(a+)+\1$", 400)]
    public async Task A_regular_expression_cannot_hang(string pattern, int status)
    {
        await using var host = await ApiHost.StartAsync(TestSamples.Reader(
            TestSamples.Sample("x", new string('a', 100) + "!", 1, "2026-01-01T00:00:00", resource: new string('a', 255))));
        var filter = JsonSerializer.Serialize(new Dictionary<string, object> { ["=~"] = new { meter = pattern } });

        var answer = await SoonAsync(() => host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { filter })));

        Assert.Equal(status, (int)answer.Status);
        if (status == 400)
            Assert.Contains("takes too long", answer.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_megabytes_is_413()
    {
        await using var host = await ApiHost.StartAsync();
        var body = $$"""{"filter": "{{new string('x', 1024 * 1024)}}"}""";

        (await SoonAsync(() => host.PostAsync("/v2/query/samples", body))).AssertFault(413, "The body of a query has at most 1048576 bytes.");
        (await SoonAsync(() => host.SendAsync("GET", "/v2/samples", body))).AssertFault(413, "The body of a query has at most 1048576 bytes.");
    }

    [Fact]
    public async Task A_fault_repeats_what_was_sent_but_not_all_of_it()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.GetAsync($"/v2/samples?limit={new string('x', 60_000)}");

        Assert.Equal(400, (int)answer.Status);
        Assert.InRange(answer.Body.Length, 4_000, 4_200);
    }

    [Fact]
    public async Task Huge_numbers_are_refused_or_mean_what_they_say()
    {
        await using var host = await ApiHost.StartAsync();
        var huge = new string('9', 5_000);

        foreach (var (path, status) in new[] { ("/v2/samples?limit=", 400), ("/v2/meters?limit=", 400), ("/v2/resources?meter_links=", 400), ("/v2/meters/cpu_util/statistics?period=", 400) })
            Assert.Equal(status, (int)(await SoonAsync(() => host.GetAsync(path + huge))).Status);
        Assert.Equal(200, (int)(await host.GetAsync("/v2/samples?limit=2147483647")).Status);
        Assert.Equal(400, (int)(await host.GetAsync("/v2/samples?limit=2147483648")).Status);
        Assert.Equal("[]", (await host.GetAsync("/v2/samples?q.field=metadata.n&q.value=99999999999999999999999")).Body);
        Assert.Equal("[]", (await host.GetAsync("/v2/samples?q.field=metadata.n&q.value=1e999")).Body);
        Assert.Equal("[]", (await host.GetAsync("/v2/samples?q.field=metadata.n&q.type=integer&q.value=-99999999999999999999999")).Body);
        Assert.Equal("[]", (await host.PostAsync("/v2/query/samples", """{"filter": "{\"=\": {\"volume\": 99999999999999999999999999}}"}""")).Body);
    }

    [Theory]
    [InlineData("0001-01-01", "9999-12-31T23:59:59.999999")]
    [InlineData("9999-12-31T23:59:59.999999", "0001-01-01")]
    public async Task The_ends_of_time_can_be_asked_for(string from, string to)
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var path in (string[])["/v2/samples", "/v2/resources", "/v2/meters/cpu_util", "/v2/meters/cpu_util/statistics"])
        {
            foreach (var (start, end) in new[] { ("ge", "le"), ("gt", "lt") })
            {
                Assert.Equal(200, (int)(await host.GetAsync(
                    $"{path}?q.field=timestamp&q.field=timestamp&q.field=search_offset&q.op={start}&q.op={end}&q.op=eq&q.value={from}&q.value={to}&q.value=5")).Status);
            }
        }
    }

    [Theory]
    [InlineData("period=315600000000&q.field=timestamp&q.op=ge&q.value=0001-01-01", "315600000000")] // ends after the year 9999 from the start on
    [InlineData("period=200000000000&q.field=timestamp&q.op=ge&q.value=0001-01-01", "200000000000")] // in its second bucket
    [InlineData("period=3600", "3600")] // in the bucket of the last sample
    public async Task A_bucket_that_ends_after_the_calendar_is_400(string query, string period)
    {
        await using var host = await ApiHost.StartAsync(TestSamples.Reader(
            TestSamples.Sample("a", "m", 1, "2026-01-01T00:00:00"), TestSamples.Sample("b", "m", 1, "9999-12-31T23:59:59")));

        (await host.GetAsync($"/v2/meters/m/statistics?{query}")).AssertFault(400, $"Invalid period {period}: date value out of range");
        Assert.Equal(["9999-12-31T23:59:59"], (await host.GetAsync("/v2/meters/m/statistics")).All("period_end"));
    }

    [Fact]
    public async Task Random_queries_are_answered_or_refused_but_never_break_the_server()
    {
        await using var host = await ApiHost.StartAsync();
        var random = new Random(20260101);
        string[] parts = ["q.field", "q.op", "q.value", "q.type", "=", "=", "&", "&", "%00", "%", "%f0%9f", "+", "timestamp", "ge", "user", "metadata.", "limit", "1", "2026-01-01", "\ud83d\ude00", "'", "\"", "period", "groupby", "aggregate.func", "max", "[", "]", "\\", ".", ";"];

        for (var i = 0; i < 3_000; i++)
        {
            var query = new StringBuilder();
            for (var n = random.Next(12); n >= 0; n--)
                query.Append(parts[random.Next(parts.Length)]);
            var answer = await host.GetAsync($"{Questions[i % Questions.Length]}?{query}");
            Assert.True((int)answer.Status is 200 or 400, $"{query}: {answer.Status} {answer.Body}");
        }
    }

    [Fact]
    public async Task Random_filters_are_answered_or_refused_but_never_break_the_server()
    {
        await using var host = await ApiHost.StartAsync();
        var random = new Random(20260102);
        string[] parts = ["{", "}", "[", "]", ":", ",", "\"and\"", "\"not\"", "\"=\"", "\"in\"", "\"=~\"", "\"meter\"", "\"timestamp\"", "1", "true", "null", "\"\\ud800\"", "\"metadata.x\"", "1e5", "-"];
        string[] filters = ["""{"=":{"meter":"x"}}""", """{"and":[{"in":{"meter":["x"]}},{"not":{"=~":{"user":"a"}}}]}"""];

        for (var i = 0; i < 3_000; i++)
        {
            var filter = new StringBuilder(filters[i % 2]);
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                var at = random.Next(filter.Length);
                filter.Remove(at, random.Next(0, Math.Min(6, filter.Length - at))).Insert(at, parts[random.Next(parts.Length)]);
            }
            var answer = await host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { filter = filter.ToString() }));
            Assert.True((int)answer.Status is 200 or 400 or 501, $"{filter}: {answer.Status} {answer.Body}");
        }
    }

    // Kestrel itself refuses some of these; what matters is that nothing of it is a 5xx.
    [Theory]
    [InlineData("/v2/samples?q.field=%ff&q.value=x")]
    [InlineData("/v2/samples?q.field=\u00ff&q.value=x")]
    [InlineData("/v2/samples?limit=%")]
    [InlineData("/v2/samples?limit=%u1234")]
    [InlineData("/v2/samples/%00")]
    [InlineData("/v2/samples/%zz")]
    [InlineData("/v2/samples/%ff%fe")]
    [InlineData("/v2/resources/%25ff")]
    [InlineData("/v2/resources/%25")]
    [InlineData("/v2/resources/%2500")]
    [InlineData("/v2/resources/..%2f..%2f")]
    [InlineData("/v2/nothing/%2525%2")]
    public async Task Broken_targets_are_the_clients_fault(string target)
    {
        await using var host = await ApiHost.StartKestrelAsync();

        var (status, _) = await RawHttp.GetAsync(host.Address, target);

        Assert.InRange(status, 400, 499);
    }

    [Fact]
    public async Task Broken_headers_are_the_clients_fault()
    {
        await using var host = await ApiHost.StartKestrelAsync();

        Assert.InRange((await RawHttp.GetAsync(host.Address, "/v2/meters", "X-Project-Id: \u00ff\u00fe\r\n")).Status, 200, 499);
        Assert.InRange((await RawHttp.GetAsync(host.Address, "/v2/meters", "Accept: ;;;,,,q=\r\n")).Status, 200, 499);
        Assert.InRange((await RawHttp.GetAsync(host.Address, "/v2/meters", "Content-Type: ;;;\r\nContent-Length: 2\r\n\r\n{}")).Status, 200, 499);
        Assert.InRange((await RawHttp.GetAsync(host.Address, "/v2/samples?" + string.Join('&', Enumerable.Repeat("q.field=user&q.value=x", 10_000)))).Status, 400, 499);
    }

    private static async Task<HttpAnswer> SoonAsync(Func<Task<HttpAnswer>> request)
    {
        // A second is the promise; a busy machine that runs other tests beside this one gets ten, and what these inputs provoke takes minutes.
        var watch = Stopwatch.StartNew();
        var answer = await request();
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"It took {watch.Elapsed}.");
        return answer;
    }
}
