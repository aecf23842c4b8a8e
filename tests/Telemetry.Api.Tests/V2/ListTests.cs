using System.Net;
using Telemetry.Api.Tests.Support;
using static Telemetry.Api.Tests.Support.TestSamples;

namespace Telemetry.Api.Tests.V2;

/// <summary>Order and content of lists, and the single sample and resource.</summary>
public class ListTests
{
    [Fact]
    public async Task Samples_come_newest_first_and_equal_timestamps_in_the_order_of_insertion()
    {
        await using var host = await ApiHost.StartAsync(Reader(
            Sample("a", "m", 1, "2026-01-01T00:00:00"), Sample("b", "m", 2, "2026-01-01T00:00:00"), Sample("c", "m", 3, "2026-01-01T00:00:01")));

        Assert.Equal(["c", "a", "b"], (await host.GetAsync("/v2/samples")).All("id"));
        Assert.Equal(["c", "a", "b"], (await host.GetAsync("/v2/meters/m")).All("message_id"));
        Assert.Equal(["c", "a"], (await host.GetAsync("/v2/samples?limit=2")).All("id"));
    }

    [Fact]
    public async Task An_unknown_meter_has_no_samples()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal("[]", (await host.GetAsync("/v2/meters/nosuch")).Body);
        Assert.Equal("[]", (await host.GetAsync("/v2/meters/nosuch/statistics")).Body);
    }

    [Fact]
    public async Task A_missing_sample_or_resource_is_404()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.GetAsync("/v2/samples/nosuch")).AssertFault(404, "Sample nosuch Not Found");
        (await host.GetAsync("/v2/resources/nosuch")).AssertFault(404, "Resource nosuch Not Found");
    }

    [Fact]
    public async Task A_meter_shows_the_owner_of_its_latest_sample_and_is_filtered_by_it()
    {
        await using var host = await ApiHost.StartAsync(Reader(
            Sample("a", "m", 1, "2026-01-01T00:00:02", project: "new", user: "new"), Sample("b", "m", 2, "2026-01-01T00:00:01", project: "old", user: "old")));

        Assert.Equal(["new"], (await host.GetAsync("/v2/meters")).All("project_id"));
        Assert.Equal("[]", (await host.GetAsync("/v2/meters?q.field=project&q.value=old")).Body);
    }

    [Fact]
    public async Task One_meter_with_two_units_is_two_meters()
    {
        await using var host = await ApiHost.StartAsync(Reader(
            Sample("a", "m", 1, "2026-01-01T00:00:00", unit: "B"), Sample("b", "m", 1, "2026-01-01T00:00:00", unit: "KB")));

        Assert.Equal(["B", "KB"], (await host.GetAsync("/v2/meters")).All("unit"));
    }

    [Fact]
    public async Task A_resources_first_and_last_timestamp_are_those_of_the_samples_that_the_query_selects()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.GetAsync("/v2/resources?q.field=timestamp&q.op=gt&q.value=2026-01-01T00:00:00&q.field=resource&q.op=eq&q.value=r1");

        Assert.Equal(["2026-01-01T00:01:00"], answer.All("first_sample_timestamp"));
        Assert.Equal(["2026-01-01T00:01:00"], answer.All("last_sample_timestamp"));
    }

    [Fact]
    public async Task A_resource_is_found_by_any_version_of_its_metadata_and_shows_the_newest()
    {
        await using var host = await ApiHost.StartAsync(Reader(
            Sample("a", "m", 1, "2026-01-01T00:00:00", metadata: """{"v":"old"}"""), Sample("b", "m", 1, "2026-01-01T00:00:01", metadata: """{"v":"new"}""")));

        Assert.Equal(["r1"], (await host.GetAsync("/v2/resources?q.field=metadata.v&q.value=old")).All("resource_id"));
        Assert.Equal("new", (await host.GetAsync("/v2/resources/r1")).Json.GetProperty("metadata").GetProperty("v").GetString());
    }

    // The server decodes a path once, the API a resource's id once more.
    [Theory]
    [InlineData("/v2/resources/r%252F3", "r/3")]
    [InlineData("/v2/resources/r%2F3", "r/3")]
    [InlineData("/v2/resources/r%252f3/", "r/3")]
    [InlineData("/v2/resources/a%2525", "a%")]
    [InlineData("/v2/resources/a%25252F", "a%2F")]
    [InlineData("/v2/resources/%25C3%25A4", "ä")]
    [InlineData("/v2/resources/%C3%A4", "ä")]
    [InlineData("/v2/resources/a%2520b", "a b")]
    [InlineData("/v2/resources/a%20b", "a b")]
    [InlineData("/v2/resources/a+b", "a+b")]
    public async Task A_resource_id_is_decoded_twice(string target, string id)
    {
        await using var host = await ApiHost.StartKestrelAsync(Reader(
            new[] { "r/3", "a%", "a%2F", "ä", "a b", "a+b" }.Select(r => Sample($"of {r}", "m", 1, "2026-01-01T00:00:00", resource: r)).ToArray()));

        var (status, body) = await RawHttp.GetAsync(host.Address, target);

        Assert.Equal(200, status);
        Assert.Contains($"\"resource_id\":\"{id}\"", body, StringComparison.Ordinal);
        Assert.Contains($"http://{host.Address.Authority}/v2/resources/{id}\"", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v2/meters/a%2Fb", "a/b")]
    [InlineData("/v2/meters/a%2fb?limit=5", "a/b")]
    [InlineData("/v2/meters/a%252Fb", "a%2Fb")]
    [InlineData("/v2/meters/a%20b/", "a b")]
    public async Task A_meters_name_is_decoded_once(string target, string name)
    {
        await using var host = await ApiHost.StartKestrelAsync(Reader(
            new[] { "a/b", "a%2Fb", "a b" }.Select(m => Sample($"of {m}", m, 1, "2026-01-01T00:00:00")).ToArray()));

        var (status, body) = await RawHttp.GetAsync(host.Address, target);

        Assert.Equal(200, status);
        Assert.Contains($"\"counter_name\":\"{name}\"", body, StringComparison.Ordinal);
        var (_, statistics) = await RawHttp.GetAsync(host.Address, target.Split('?')[0].TrimEnd('/') + "/statistics");
        Assert.Contains("\"count\":1,", statistics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_arrives_whole()
    {
        await using var host = await ApiHost.StartAsync(Reader(
            [.. Enumerable.Range(0, 5_000).Select(i => Sample($"s{i:0000}", "m", i, "2026-01-01T00:00:00", metadata: WebMetadata))]));

        var answer = await host.GetAsync("/v2/samples?limit=5000");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(Enumerable.Range(0, 5_000).Select(i => $"s{i:0000}"), answer.All("id"));
    }
}
