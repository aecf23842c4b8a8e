using System.Text;
using System.Text.Json;
using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2;

/// <summary>The shapes of answers.</summary>
public sealed class RepresentationTests
{
    private const string FlatMetadata =
        """{"b":"True","f":"1.5","instance_type":"m1.tiny","list":"['x', None, 2.0]","n":"1","name":"web","nested.a:b":"deep","nothing":"None","t":"1"}""";

    [Fact]
    public async Task An_old_sample_has_the_contracts_members()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.GetAsync("/v2/meters/cpu_util?q.field=message_id&q.value=s1");

        AssertJson($$"""
            [{"counter_name":"cpu_util","counter_type":"gauge","counter_unit":"%","counter_volume":10.0,"resource_id":"r1","user_id":"u1","project_id":"p1",
              "source":"openstack","timestamp":"2026-01-01T00:00:00","recorded_at":"2026-01-03T04:05:06","resource_metadata":{{FlatMetadata}},"message_id":"s1"}]
            """, answer.Body);
        Assert.Contains("\"counter_volume\":10.0,", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v2/samples/s3", false)]
    [InlineData("/v2/samples?q.field=message_id&q.value=s3", true)]
    public async Task A_sample_has_the_contracts_members(string path, bool list)
    {
        await using var host = await ApiHost.StartAsync();

        const string Sample = """
            {"id":"s3","meter":"cpu_util","type":"gauge","unit":"%","volume":30.0,"resource_id":"r2","user_id":"u2","project_id":"p2",
             "source":"openstack","timestamp":"2026-01-01T00:02:00.500000","recorded_at":"2026-01-03T04:05:06","metadata":{"instance_type":"m1.large"}}
            """;
        AssertJson(list ? $"[{Sample}]" : Sample, (await host.GetAsync(path)).Body);
    }

    [Fact]
    public async Task What_is_null_is_null()
    {
        await using var host = await ApiHost.StartAsync();

        var sample = (await host.GetAsync("/v2/samples/s5")).Json;

        foreach (var member in (string[])["unit", "user_id", "project_id"])
            Assert.Equal(JsonValueKind.Null, sample.GetProperty(member).ValueKind);
    }

    [Fact]
    public async Task A_meter_has_the_contracts_members_and_an_id_made_of_resource_and_name()
    {
        await using var host = await ApiHost.StartAsync();

        AssertJson($$"""
            [{"name":"net.bytes","type":"cumulative","unit":"B","resource_id":"r1","project_id":"p1","user_id":"u1","source":"hw","meter_id":"{{Base64("r1+net.bytes")}}"}]
            """, (await host.GetAsync("/v2/meters?q.field=source&q.value=hw")).Body);
    }

    [Theory]
    [InlineData("/v2/meters?unique=true")]
    [InlineData("/v2/meters?unique=Yes")]
    [InlineData("/v2/meters?q.field=unique&q.value=1")]
    public async Task Unique_meters_belong_to_no_resource(string path)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.GetAsync(path);

        Assert.Equal(["cpu_util", "net.bytes", "orphan"], answer.All("name"));
        AssertJson($$"""
            {"name":"cpu_util","type":"gauge","unit":"%","resource_id":null,"project_id":null,"user_id":null,"source":null,"meter_id":"{{Base64("None+cpu_util")}}"}
            """, answer.Json[0].GetRawText());
    }

    [Fact]
    public async Task A_resource_has_the_contracts_members_and_links_to_its_meters()
    {
        await using var host = await ApiHost.StartAsync();

        AssertJson($$"""
            {"resource_id":"r1","project_id":"p1","user_id":"u1","first_sample_timestamp":"2026-01-01T00:00:00","last_sample_timestamp":"2026-01-01T00:01:00",
             "metadata":{},"links":[
               {"href":"http://telemetry.example:8777/v2/resources/r1","rel":"self"},
               {"href":"http://telemetry.example:8777/v2/meters/cpu_util?q.field=resource_id&q.value=r1","rel":"cpu_util"},
               {"href":"http://telemetry.example:8777/v2/meters/net.bytes?q.field=resource_id&q.value=r1","rel":"net.bytes"}],"source":"hw"}
            """, (await host.GetAsync("/v2/resources/r1")).Body);
    }

    [Theory]
    [InlineData("", 3)]
    [InlineData("?meter_links=1", 3)]
    [InlineData("?meter_links=0", 1)]
    public async Task Meter_links_can_be_left_out(string query, int links)
    {
        await using var host = await ApiHost.StartAsync();

        var resource = (await host.GetAsync($"/v2/resources{query}")).Json.EnumerateArray().Single(r => r.GetProperty("resource_id").GetString() == "r1");

        Assert.Equal(links, resource.GetProperty("links").GetArrayLength());
        Assert.Equal("self", resource.GetProperty("links")[0].GetProperty("rel").GetString());
    }

    // Source of the expectations: flatten_metadata of ceilometer/api/controllers/v2/utils.py, worked out by hand.
    [Theory]
    [InlineData("""{"a":{"b":{"c":1}}}""", """{"a.b:c":"1"}""")]
    [InlineData("""{"a.b.c":1}""", """{"a.b:c":"1"}""")]
    [InlineData("""{"a.b":{"c":1}}""", """{"a.b:c":"1"}""")]
    [InlineData("""{"a:b":1,"c:d.e":2}""", """{"a.b":"1","c.d:e":"2"}""")]
    [InlineData("""{"a":{"b":1},"a.b":2}""", """{"a.b":"2"}""")]
    [InlineData("""{"a":null,"b":true,"c":false}""", """{"a":"None","b":"True","c":"False"}""")]
    [InlineData("""{"a":{},"b":{"c":{}}}""", "{}")]
    [InlineData("""{"a":[1,"x",{"k":null}]}""", """{"a":"[1, 'x', {'k': None}]"}""")]
    [InlineData("""{"a":1e22,"b":0.5,"c":100}""", """{"a":"1e+22","b":"0.5","c":"100"}""")]
    [InlineData("""{"a":"ä\"\\"}""", """{"a":"ä\"\\"}""")]
    public async Task Metadata_are_flat_and_all_text(string metadata, string flat)
    {
        await using var host = await ApiHost.StartAsync(TestSamples.Reader(TestSamples.Sample("x", "m", 1, "2026-01-01T00:00:00", metadata: metadata)));

        AssertJson(flat, (await host.GetAsync("/v2/samples/x")).Json.GetProperty("metadata").GetRawText());
        AssertJson(flat, (await host.GetAsync("/v2/meters/m")).Json[0].GetProperty("resource_metadata").GetRawText());
        AssertJson(flat, (await host.GetAsync("/v2/resources/r1")).Json.GetProperty("metadata").GetRawText());
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static void AssertJson(string expected, string actual) =>
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), JsonElement.Parse(actual)), $"Expected {expected}{Environment.NewLine}but got {actual}");
}
