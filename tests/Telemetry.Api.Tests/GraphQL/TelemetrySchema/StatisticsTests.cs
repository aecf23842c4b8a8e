using System.Text.Json.Nodes;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>Buckets on calendars, groups, filling; equal to REST's where both can ask.</summary>
public sealed class StatisticsTests
{
    private static async Task<TelemetryHost> HostAsync()
    {
        var host = await TelemetryHost.StartAsync();
        var start = new DateTime(2026, 3, 27, 0, 0, 0, DateTimeKind.Utc);
        await host.RecordAsync(Enumerable.Range(0, 96).SelectMany(h => (object[])
        [
            TelemetryHost.Sample("cpu", h, $"{start.AddHours(h):s}", metadata: new { flavor = "m1", n = 1, flag = true }),
            TelemetryHost.Sample("cpu", 2 * h, $"{start.AddHours(h):s}", "r2", "p2", metadata: new { flavor = "m2" }),
        ]));
        return host;
    }

    private static async Task<JsonArray> BucketsAsync(TelemetryHost host, string arguments, string fields) =>
        (await host.AskAsync($"{{ statistics(meter: \"cpu\", {arguments}) {{ buckets {{ {fields} }} }} }}"))["statistics"]!["buckets"]!.AsArray();

    [Fact]
    public async Task Aggregates_are_those_of_REST()
    {
        await using var host = await HostAsync();
        var rest = (await host.SendAsync(
            "GET", "/v2/meters/cpu/statistics?q.field=timestamp&q.op=ge&q.value=2026-03-28T00:00:00&q.field=timestamp&q.op=lt&q.value=2026-03-30T00:00:00&period=3600&groupby=project_id"
            + "&aggregate.func=count&aggregate.func=min&aggregate.func=max&aggregate.func=sum&aggregate.func=avg&aggregate.func=stddev&aggregate.func=p90&aggregate.func=rate&aggregate.func=first",
            null)).Json.EnumerateArray().Select(r => string.Join(' ', r.GetProperty("aggregate").EnumerateObject().Select(a => Math.Round(Number(a.Value), 9)))).Order();

        var ours = (await BucketsAsync(
            host, "range: {from: \"2026-03-28T00:00:00Z\", to: \"2026-03-30T00:00:00Z\"}, period: \"PT1H\", groupBy: [{dimension: PROJECT}]",
            "count min max sum avg stddev quantile(q: 0.9) rate first { volume }"))
            .Select(b => string.Join(' ', b!.AsObject().Select(f => Math.Round(f.Key == "first" ? f.Value!["volume"]!.GetValue<double>() : f.Value?.GetValue<double>() ?? double.NaN, 9)))).Order();

        Assert.Equal(rest, ours);

        static double Number(System.Text.Json.JsonElement value) => value.ValueKind == System.Text.Json.JsonValueKind.Null ? double.NaN : value.GetDouble();
    }

    [Theory]
    // Berlin's night of 29 March has 23 hours.
    [InlineData("P1D", "Europe/Berlin", "03-26T23:00 03-27T23:00 03-28T23:00 03-29T22:00 03-30T22:00", "23 24 23 24 2")]
    [InlineData("P1D", "UTC", "03-27T00:00 03-28T00:00 03-29T00:00 03-30T00:00", "24 24 24 24")]
    [InlineData("P1M", "UTC", "03-01T00:00", "96")]
    [InlineData("P1W", "UTC", "03-23T00:00 03-30T00:00", "72 24")]
    [InlineData("PT12H", "Europe/Berlin", "03-26T23:00 03-27T11:00 03-27T23:00 03-28T11:00 03-28T23:00 03-29T11:00 03-29T22:00 03-30T10:00 03-30T22:00", "11 12 12 12 12 11 12 12 2")]
    public async Task Periods_follow_the_calendar_of_the_time_zone(string period, string zone, string starts, string counts)
    {
        await using var host = await HostAsync();

        var buckets = await BucketsAsync(
            host, $"range: {{from: \"2026-03-27T00:00:00Z\", to: \"2026-03-31T00:00:00Z\"}}, period: \"{period}\", timeZone: \"{zone}\", where: {{projectId: {{eq: \"p1\"}}}}", "from count");

        Assert.Equal(starts, string.Join(' ', buckets.Select(b => b!["from"]!.GetValue<string>()[5..16])));
        Assert.Equal(counts, string.Join(' ', buckets.Select(b => b!["count"]!.GetValue<long>())));
    }

    [Theory]
    [InlineData("NONE", "m1:95")]
    [InlineData("NULL", "m1:95 m1:-")]
    [InlineData("ZERO", "m1:95 m1:0")]
    [InlineData("PREVIOUS", "m1:95 m1:95")]
    public async Task Empty_buckets_are_filled_as_asked(string fill, string expected)
    {
        await using var host = await HostAsync();

        var buckets = await BucketsAsync(
            host, $"range: {{from: \"2026-03-30T23:00:00Z\", to: \"2026-03-31T01:00:00Z\"}}, period: \"PT1H\", fill: {fill}, groupBy: [{{metadata: \"flavor\"}}], where: {{metadata: {{some: {{key: {{eq: \"flavor\"}}, value: {{startsWith: \"m1\"}}}}}}}}",
            "group { name value } max");

        Assert.Equal(expected, string.Join(' ', buckets.Select(b => $"{b!["group"]![0]!["value"]}:{b["max"]?.ToString() ?? "-"}")));
    }

    [Fact]
    public async Task A_straight_line_joins_the_buckets_around_a_gap()
    {
        await using var host = await TelemetryHost.StartAsync();
        await host.RecordAsync(TelemetryHost.Sample("cpu", 10, "2026-03-30T00:10:00"), TelemetryHost.Sample("cpu", 40, "2026-03-30T03:10:00"));

        var buckets = await BucketsAsync(host, "range: {from: \"2026-03-30T00:00:00Z\", to: \"2026-03-30T05:00:00Z\"}, period: \"PT1H\", fill: LINEAR", "avg count");

        Assert.Equal("10 20 30 40 -", string.Join(' ', buckets.Select(b => b!["avg"]?.ToString() ?? "-")));
        Assert.Equal("1 0 0 1 0", string.Join(' ', buckets.Select(b => b!["count"])));
    }

    [Fact]
    public async Task What_first_leaves_out_is_said_and_what_can_change_is_open()
    {
        await using var host = await HostAsync(); // it is 2026-03-31T12:00Z

        var cut = (await host.AskAsync("{ statistics(meter: \"cpu\", range: {from: \"2026-03-27T00:00:00Z\", to: \"2026-03-31T00:00:00Z\"}, period: \"P1D\", first: 3, order: [{max: DESC}]) { truncated unit buckets { max } } }"))["statistics"]!;
        var open = await BucketsAsync(host, "range: {from: \"2026-03-29T00:00:00Z\"}, period: \"P1D\", fill: NULL", "open");

        Assert.True(cut["truncated"]!.GetValue<bool>());
        Assert.Equal("%", cut["unit"]!.GetValue<string>());
        Assert.Equal("190 142 94", string.Join(' ', cut["buckets"]!.AsArray().Select(b => b!["max"])));
        Assert.Equal("false false true", string.Join(' ', open.Select(b => b!["open"])));
    }

    [Theory]
    [InlineData("range: {from: \"2026-03-31T00:00:00Z\", to: \"2026-03-30T00:00:00Z\"}", "A range ends after it begins")]
    [InlineData("range: {from: \"1990-03-31T00:00:00Z\"}", "A range is at most 3660 days long.")]
    [InlineData("range: {from: \"2026-03-01T00:00:00Z\"}, period: \"PT1S\"", "more than 10000 periods")]
    [InlineData("range: {from: \"2026-03-01T00:00:00Z\"}, period: \"P1DT1H\"", "A period is of months, of days or of whole seconds")]
    [InlineData("range: {from: \"2026-03-01T00:00:00Z\"}, period: \"PT0S\"", "A period is of months, of days or of whole seconds")]
    [InlineData("range: {from: \"2026-03-01T00:00:00Z\"}, period: \"P1D\", timeZone: \"Mars/Phobos\"", "\"Mars/Phobos\" is no time zone.")]
    [InlineData("range: {from: \"2026-03-01T00:00:00Z\"}, first: 0", "\"first\" is 1 to 10000, not 0.")]
    public async Task What_makes_no_sense_is_refused_with_its_value(string arguments, string message)
    {
        await using var host = await TelemetryHost.StartAsync();

        var answer = await host.PostAsync($"{{ statistics(meter: \"cpu\", {arguments}) {{ truncated }} }}");

        var error = Assert.Single(answer["errors"]!.AsArray())!;
        Assert.Contains(message, error["message"]!.GetValue<string>());
        Assert.Equal("BAD_USER_INPUT", error["extensions"]!["code"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("some: {key: {eq: \"flag\"}, value: {eq: \"True\"}}", 96)]
    [InlineData("some: {key: {eq: \"n\"}, value: {in: [\"1\", \"2\"]}}", 96)]
    [InlineData("some: {key: {eq: \"flavor\"}, value: {neq: \"m1\"}}", 96)]
    [InlineData("some: {key: {eq: \"flavor\"}, value: {endsWith: \"3\"}}", 0)]
    [InlineData("some: {or: [{key: {eq: \"flavor\"}, value: {eq: \"m1\"}}, {key: {eq: \"flavor\"}, value: {eq: \"m2\"}}]}", 192)]
    // One pair is all of it: no key "n" has the value of another.
    [InlineData("some: {and: [{key: {eq: \"n\"}}, {value: {eq: \"m1\"}}]}", 0)]
    [InlineData("some: {and: [{key: {startsWith: \"f\"}}, {value: {eq: \"m1\"}}]}", 96)]
    [InlineData("some: {value: {eq: \"True\"}}", 96)]
    [InlineData("some: {key: {contains: \"lav\"}}", 192)]
    [InlineData("none: {key: {eq: \"n\"}}", 96)]
    [InlineData("none: {value: {startsWith: \"m\"}}", 0)]
    [InlineData("all: {key: {eq: \"flavor\"}}", 96)]
    [InlineData("all: {value: {neq: \"m2\"}}", 96)]
    [InlineData("all: {or: [{key: {eq: \"n\"}}, {value: {in: [\"m1\", \"m2\", \"True\"]}}]}", 192)]
    [InlineData("any: true", 192)]
    [InlineData("any: false", 0)]
    public async Task Metadata_are_compared_as_the_text_that_is_shown(string conditions, long count)
    {
        await using var host = await HostAsync();

        var buckets = await BucketsAsync(host, $"range: {{from: \"2026-03-01T00:00:00Z\"}}, where: {{metadata: {{{conditions}}}}}", "count");

        Assert.Equal(count, buckets.Sum(b => b!["count"]!.GetValue<long>()));
    }
}
