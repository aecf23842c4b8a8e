using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2;

/// <summary>The general rules of HTTP: paths, methods, media types, arguments, error bodies.</summary>
public sealed class HttpRulesTests
{
    [Theory]
    [InlineData("/v2")]
    [InlineData("/v2/")]
    [InlineData("/v1/meters")]
    [InlineData("/v3")]
    [InlineData("/v2/nothing")]
    [InlineData("/v2/meters/cpu_util/other")]
    [InlineData("/v2/resources/a/b")]
    public async Task An_unknown_path_is_404_with_a_plain_message(string path)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.GetAsync(path)).AssertPlain(404);
    }

    /// <summary>aodhclient fails on a text, and says that it accepts JSON.</summary>
    [Theory]
    [InlineData("GET", "/v2/nothing", "application/json", 404, "Not Found: the resource could not be found.")]
    [InlineData("POST", "/v2/meters", "text/plain, Application/JSON;q=0.5", 405, "Method Not Allowed: the method POST is not allowed for this resource.")]
    public async Task Routing_answers_a_fault_to_those_who_ask_for_JSON_by_name(string method, string path, string accept, int status, string fault)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.SendAsync(method, path, null, ("Accept", accept))).AssertFault(status, fault);
    }

    [Theory]
    [InlineData("POST", "/v2/meters", "GET")]
    [InlineData("PUT", "/v2/samples", "GET, POST")]
    [InlineData("DELETE", "/v2/meters/cpu_util", "GET, POST")]
    [InlineData("DELETE", "/v2/resources/r1", "GET")]
    [InlineData("PUT", "/v2/meters/cpu_util/statistics", "GET")]
    [InlineData("GET", "/v2/query/samples", "POST")]
    [InlineData("POST", "/v2/capabilities", "GET")]
    public async Task A_wrong_method_is_405_and_says_which_are_right(string method, string path, string allow)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.SendAsync(method, path, null);

        answer.AssertPlain(405);
        Assert.Equal(allow, answer.Headers.Allow);
    }

    [Theory]
    [InlineData("/v2/meters/")]
    [InlineData("/v2/samples/")]
    [InlineData("/v2/resources/")]
    [InlineData("/v2/meters/cpu_util/")]
    [InlineData("/v2/meters/cpu_util/statistics/")]
    public async Task A_trailing_slash_changes_nothing(string path)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal((await host.GetAsync(path.TrimEnd('/'))).Body, (await host.GetAsync(path)).Body);
    }

    [Theory]
    [InlineData("*/*", 200)]
    [InlineData("application/json", 200)]
    [InlineData("application/*;q=0.1", 200)]
    [InlineData("text/plain, application/json;q=0.1", 200)]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200)]
    [InlineData("text/plain", 406)]
    [InlineData("text/plain, application/binary;q=0.8", 406)]
    [InlineData("application/xml", 406)]
    [InlineData("application/json;q=0", 406)]
    public async Task An_Accept_that_excludes_JSON_is_406(string accept, int status)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.GetAsync("/v2/meters", ("Accept", accept));

        Assert.Equal(status, (int)answer.Status);
        if (status == 406)
            answer.AssertPlain(406);
    }

    [Fact]
    public async Task Answers_are_application_json_and_nothing_more()
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var path in (string[])["/", "/v2/capabilities", "/v2/meters", "/v2/samples", "/v2/samples/s1", "/v2/resources", "/v2/resources/r1", "/v2/meters/cpu_util", "/v2/meters/cpu_util/statistics"])
        {
            var answer = await host.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal("application/json", answer.Headers.ContentType);
            Assert.Matches("^req-[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$", answer.Headers["x-openstack-request-id"].ToString());
        }
        Assert.StartsWith("req-", (await host.GetAsync("/nowhere")).Headers["x-openstack-request-id"].ToString(), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> WrongArguments => new()
    {
        { "/v2/meters?foo=1", "Unknown argument: \"foo\"" },
        { "/v2/meters?foo=1&bar=2", "Unknown argument: \"foo, bar\"" },
        { "/v2/meters?period=1", "Unknown argument: \"period\"" },
        { "/v2/meters?meter_links=1", "Unknown argument: \"meter_links\"" },
        { "/v2/samples?unique=1", "Unknown argument: \"unique\"" },
        { "/v2/samples?q.foo=1", "Unknown argument: \"q.foo\"" },
        { "/v2/samples/s1?limit=1", "Unknown argument: \"limit\"" },
        { "/v2/resources/r1?q.field=x", "Unknown argument: \"q.field\"" },
        { "/v2/meters/cpu_util/statistics?limit=1", "Unknown argument: \"limit\"" },
        { "/v2/capabilities?x=1", "Unknown argument: \"x\"" },
        { "/v2/samples?limit=0", "Limit must be positive" },
        { "/v2/samples?limit=-1", "Limit must be positive" },
        { "/v2/meters?limit=0", "Limit must be positive" },
        { "/v2/resources?limit=-5", "Limit must be positive" },
        { "/v2/meters/cpu_util?limit=0", "Limit must be positive" },
        { "/v2/samples?limit=NaN", "Invalid input for field/attribute limit. Value: 'NaN'. unable to convert to int. Error: invalid literal for int() with base 10: 'NaN'" },
        { "/v2/samples?limit=", "Invalid input for field/attribute limit. Value: ''. unable to convert to int. Error: invalid literal for int() with base 10: ''" },
        { "/v2/samples?limit=1.5", "Invalid input for field/attribute limit. Value: '1.5'. unable to convert to int. Error: invalid literal for int() with base 10: '1.5'" },
        { "/v2/samples?limit=1000000000000000000000000000000", "Invalid input for field/attribute limit. Value: '1000000000000000000000000000000'. It is at most 2147483647." },
        { "/v2/samples?limit=1&limit=1", "Invalid input for field/attribute limit. Value: '['1', '1']'. unable to convert to int. Error: int() argument must be a string or a number, not 'list'" },
        { "/v2/meters/cpu_util/statistics?period=x", "Invalid input for field/attribute period. Value: 'x'. unable to convert to int. Error: invalid literal for int() with base 10: 'x'" },
        { "/v2/resources?meter_links=x", "Invalid input for field/attribute meter_links. Value: 'x'. unable to convert to int. Error: invalid literal for int() with base 10: 'x'" },
        { "/v2/samples?q=x", "Invalid input for field/attribute q. Value: 'x'. Write q.field and q.value instead." },
        { "/v2/meters?unique=1&unique=2", "Invalid input for field/attribute unique. Value: '['1', '2']'. It is given more than once." },
        { "/v2/samples?limit=%zz", "The query string has a broken escape: '%zz'" },
        { "/v2/samples?limit=%2", "The query string has a broken escape: '%2'" },
        { "/v2/samples?%ff=1", "The query string is not UTF-8: '%ff'" },
    };

    [Theory]
    [MemberData(nameof(WrongArguments))]
    public async Task A_wrong_argument_is_400_and_named(string target, string fault)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.GetAsync(target)).AssertFault(400, fault);
    }

    public static TheoryData<string, string> WrongBodies => new()
    {
        { "[]", "Request must be a JSON dict" },
        { "5", "Request must be a JSON dict" },
        { "{", "Request is not in valid JSON format" },
        { "{} {}", "Request is not in valid JSON format" },
        { """{"limit":"\ud800"}""", "Request is not in valid JSON format" },
        { """{"foo":1,"bar":2}""", "Unknown argument: \"foo, bar\"" },
        { """{"limit":0}""", "Limit must be positive" },
        { """{"limit":1.5}""", "Invalid input for field/attribute limit. Value: '1.5'. unable to convert to int. Error: invalid literal for int() with base 10: '1.5'" },
        { """{"limit":true}""", "Invalid input for field/attribute limit. Value: 'True'. unable to convert to int. Error: it is no number" },
        { """{"q":{"field":"x"}}""", "Invalid input for field/attribute q. Value: '{'field': 'x'}'. It must be a list." },
        { """{"q":["x"]}""", "Invalid input for field/attribute q. Value: 'x'. It must be a list of objects." },
        { """{"q":[{"value":"x"}]}""", "Invalid input for field/attribute field. Value: 'None'. Mandatory field missing." },
        { """{"q":[{"field":"user"}]}""", "Invalid input for field/attribute value. Value: 'None'. Mandatory field missing." },
        { """{"q":[{"field":"user","value":5}]}""", "Invalid input for field/attribute value. Value: '5'. It must be a text." },
        { """{"q":[{"field":"user","value":"x","foo":"y"}]}""", "Unknown attribute for argument q: foo" },
    };

    [Theory]
    [MemberData(nameof(WrongBodies))]
    public async Task A_wrong_body_of_a_GET_is_400_and_named(string body, string fault)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.SendAsync("GET", "/v2/samples", body, ("Content-Type", "application/json"))).AssertFault(400, fault);
    }

    [Theory]
    [InlineData("""{"q":[{"field":"meter","op":"eq","value":"cpu_util"}],"limit":2}""", 2)]
    [InlineData("""{"q":[{"field":"meter","value":"cpu_util","op":null,"type":""}],"limit":null}""", 3)]
    [InlineData("""{"limit":"1"}""", 1)]
    [InlineData("{}", 5)]
    public async Task A_body_of_a_GET_carries_arguments(string body, int count)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(count, (await host.SendAsync("GET", "/v2/samples", body, ("Content-Type", "application/json"))).All("id").Length);
        Assert.Equal(count, (await host.SendAsync("GET", "/v2/samples", body)).All("id").Length);
    }

    [Fact]
    public async Task Query_string_and_body_add_up_but_name_no_argument_twice()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(["s3"], (await host.SendAsync("GET", "/v2/samples?limit=1", """{"q":[{"field":"meter","value":"cpu_util"}]}""")).All("id"));
        (await host.SendAsync("GET", "/v2/samples?limit=1", """{"limit":1}""")).AssertFault(400, "Parameter limit was given several times");
    }

    [Theory]
    [InlineData("text/plain", "text/plain")]
    [InlineData("text/plain; charset=utf-8", "text/plain")]
    [InlineData("application/x-www-form-urlencoded", "application/x-www-form-urlencoded")]
    public async Task A_body_that_is_not_JSON_is_415(string contentType, string named)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.SendAsync("GET", "/v2/samples", "x", ("Content-Type", contentType))).AssertFault(415, $"Unknown mimetype: {named}");
        (await host.SendAsync("POST", "/v2/query/samples", "x", ("Content-Type", contentType))).AssertFault(415, $"Unknown mimetype: {named}");
    }

    [Fact]
    public async Task HEAD_is_GET_without_the_body()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.SendAsync("HEAD", "/v2/meters", null);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("application/json", answer.Headers.ContentType);
        Assert.Empty(answer.Body);
        Assert.Equal(404, (int)(await host.SendAsync("HEAD", "/nowhere", null)).Status);
    }

    [Fact]
    public async Task What_goes_wrong_inside_is_500_and_tells_nothing_of_it()
    {
        await using var host = await ApiHost.StartAsync(new BrokenReader());

        (await host.GetAsync("/v2/samples")).AssertFault(500, "The server failed to answer; its log says why.");
    }

    [Theory]
    [InlineData("https://dashboard.example", "https://dashboard.example")]
    [InlineData("https://evil.example", "")]
    public async Task An_allowed_origin_is_answered_others_are_not(string origin, string allowed)
    {
        await using var host = await ApiHost.StartAsync(null, ("Telemetry:Api:CorsOrigins:0", "https://dashboard.example/"));

        foreach (var method in (string[])["GET", "OPTIONS"])
        {
            var answer = await host.SendAsync(method, "/v2/meters", null, ("Origin", origin), ("Access-Control-Request-Method", "GET"));
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal(allowed, answer.Headers.AccessControlAllowOrigin.ToString());
            Assert.Equal("Origin", answer.Headers.Vary);
        }
    }

    [Fact]
    public async Task Without_setting_no_origin_is_allowed_and_OPTIONS_is_200()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.SendAsync("OPTIONS", "/v2/meters", null, ("Origin", "https://dashboard.example"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.False(answer.Headers.ContainsKey("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Links_carry_scheme_host_and_path_base()
    {
        await using var host = await ApiHost.StartAsync(null, ("Telemetry:Api:PathBase", "/telemetry"));

        var version = (await host.GetAsync("/telemetry/")).Json.GetProperty("versions").GetProperty("values")[0];
        var resource = (await host.GetAsync("/telemetry/v2/resources/r1")).Json;

        Assert.Equal("http://telemetry.example:8777/telemetry/v2", version.GetProperty("links")[0].GetProperty("href").GetString());
        Assert.Equal("http://telemetry.example:8777/telemetry/v2/resources/r1", resource.GetProperty("links")[0].GetProperty("href").GetString());
    }

    [Theory]
    [InlineData("PathBase", "telemetry")]
    [InlineData("PathBase", "/telemetry/")]
    [InlineData("DefaultReturnLimit", "0")]
    public async Task A_bad_setting_stops_the_host_at_its_start(string key, string value)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ApiHost.StartAsync(null, ($"Telemetry:Api:{key}", value)));

        Assert.Contains($"Telemetry:Api:{key}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_limit_the_setting_decides()
    {
        await using var host = await ApiHost.StartAsync(null, ("Telemetry:Api:DefaultReturnLimit", "2"));

        foreach (var path in (string[])["/v2/samples", "/v2/meters", "/v2/resources", "/v2/meters/cpu_util"])
            Assert.Equal(2, (await host.GetAsync(path)).Json.GetArrayLength());
        Assert.Equal(2, (await host.PostAsync("/v2/query/samples", "{}")).Json.GetArrayLength());
        Assert.Equal(3, (await host.GetAsync("/v2/samples?limit=3")).Json.GetArrayLength());
    }

    [Fact]
    public async Task The_version_document_is_the_contracts()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(
            """{"versions":{"values":[{"id":"v2","status":"stable","updated":"2013-02-13T00:00:00Z","links":[{"href":"http://telemetry.example:8777/v2","rel":"self"},{"href":"http://docs.openstack.org/","rel":"describedby","type":"text/html"}],"media-types":[{"base":"application/json","type":"application/vnd.openstack.telemetry-v2+json"},{"base":"application/xml","type":"application/vnd.openstack.telemetry-v2+xml"}]}]}}""",
            (await host.GetAsync("/")).Body);
    }

    [Fact]
    public async Task Capabilities_are_the_contracts()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = (await host.GetAsync("/v2/capabilities")).Json;

        Assert.Equal(
            [
                "meters:query:metadata", "meters:query:simple", "resources:query:metadata", "resources:query:simple",
                "samples:query:complex", "samples:query:metadata", "samples:query:simple",
                "statistics:aggregation:selectable:avg", "statistics:aggregation:selectable:cardinality", "statistics:aggregation:selectable:count",
                "statistics:aggregation:selectable:max", "statistics:aggregation:selectable:min", "statistics:aggregation:selectable:stddev",
                "statistics:aggregation:selectable:sum", "statistics:aggregation:standard", "statistics:groupby", "statistics:query:metadata", "statistics:query:simple",
            ],
            answer.GetProperty("api").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.All(answer.GetProperty("api").EnumerateObject(), p => Assert.Equal(JsonValueKind.True, p.Value.ValueKind));
        Assert.Equal("""{"storage:production_ready":true}""", answer.GetProperty("storage").GetRawText());
    }
}
