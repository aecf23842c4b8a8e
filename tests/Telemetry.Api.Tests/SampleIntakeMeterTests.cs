using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.Tests;

/// <summary>Ceilometer's <c>POST /v2/meters/{name}</c>, check by check.</summary>
public sealed class SampleIntakeMeterTests(SampleIntakeHost host) : IClassFixture<SampleIntakeHost>
{
    private const string Good = """{"counter_name":"apples","counter_type":"gauge","counter_unit":"instance","counter_volume":1,"resource_id":"r1","project_id":"p1","user_id":"u1","timestamp":"2014-01-01T00:00:00","resource_metadata":{"a.b":"1","c":null}}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string With(string field, string json) => Good.Replace("{\"counter_name", $"{{\"{field}\":{json},\"counter_name", StringComparison.Ordinal);

    /// <summary>The good sample with a field replaced, or without it where the value is null.</summary>
    private static string Changed(string field, string? json)
    {
        var fields = JsonDocument.Parse(Good).RootElement.EnumerateObject().Where(p => p.Name != field).Select(p => $"\"{p.Name}\":{p.Value.GetRawText()}");
        return $"{{{string.Join(",", json is null ? fields : fields.Append($"\"{field}\":{json}"))}}}";
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"samples\":[]}")]
    public async Task Without_samples_the_body_is_missing(string body) =>
        await RefusedAsync(body, 400, "Samples should be included in request body");

    [Theory]
    [InlineData("{}", "{}")]
    [InlineData("{\"counter_name\":\"apples\"}", "{\"counter_name\":\"apples\"}")]
    [InlineData("7", "7")]
    public async Task A_body_that_is_no_list_is_refused(string body, string shown) =>
        await RefusedAsync(body, 400, $"Invalid input for field/attribute samples. Value: '{shown}'. Samples are a JSON list of objects.");

    [Theory]
    [InlineData("[1]", "1")]
    [InlineData("[null]", "None")]
    public async Task An_item_that_is_no_object_is_refused(string body, string shown) =>
        await RefusedAsync(body, 400, $"Invalid input for field/attribute samples. Value: '{shown}'. samples[0]: A sample is a JSON object.");

    [Theory]
    [InlineData("[{")]
    [InlineData("nonsense")]
    [InlineData("[{\"counter_volume\": NaN}]")]
    public async Task A_body_that_is_no_json_is_refused(string body) => await RefusedAsync(body, 400, "Request is not in valid JSON format");

    [Theory]
    [InlineData("counter_name")]
    [InlineData("counter_type")]
    [InlineData("counter_unit")]
    [InlineData("counter_volume")]
    [InlineData("resource_id")]
    public async Task A_mandatory_field_must_be_there(string field) =>
        await RefusedAsync($"[{Good},{Changed(field, null)}]", 400, $"Invalid input for field/attribute {field}. Value: 'None'. Mandatory field missing.");

    [Theory]
    [InlineData("timestamp", "\"yesterday\"", "yesterday", "A timestamp is ISO 8601 text, of the years 1 to 9999 in UTC.")]
    [InlineData("timestamp", "\"12345-01-01T00:00:00\"", "12345-01-01T00:00:00", "A timestamp is ISO 8601 text, of the years 1 to 9999 in UTC.")]
    [InlineData("timestamp", "-1", "-1", "A timestamp is ISO 8601 text, of the years 1 to 9999 in UTC.")]
    [InlineData("counter_volume", "\"abc\"", "abc", "A volume is a finite number.")]
    [InlineData("counter_volume", "1e999", "1e999", "A volume is a finite number.")]
    [InlineData("counter_volume", "\"nan\"", "nan", "A volume is a finite number.")]
    [InlineData("resource_metadata", "[1]", "[1]", "Metadata is a JSON object.")]
    public async Task A_value_that_cannot_be_read_is_a_fault_of_samples(string field, string json, string shown, string reason) =>
        await RefusedAsync($"[{Changed(field, json)}]", 400, $"Invalid input for field/attribute samples. Value: '{shown}'. samples[0].{field}: {reason}");

    [Theory]
    [InlineData("resource_metadata", "{\"k\":1}", "{\"k\":1}", "The value of 'k' must be a string.")]
    [InlineData("resource_metadata", "{\"k\":{\"l\":\"m\"}}", "{\"k\":{\"l\":\"m\"}}", "The value of 'k' must be a string.")]
    [InlineData("counter_name", "\"pears\"", "pears", "should be apples")]
    [InlineData("counter_name", "null", "None", "should be apples")]
    [InlineData("message_id", "\"mine\"", "mine", "The message_id must not be set")]
    [InlineData("counter_type", "\"gauges\"", "gauges", "The counter type must be: gauge, delta, cumulative")]
    [InlineData("counter_type", "null", "None", "The counter type must be: gauge, delta, cumulative")]
    [InlineData("project_id", "\"other\"", "other", "can not post samples to other projects")]
    [InlineData("counter_volume", "null", "None", "Mandatory field missing.")]
    public async Task A_value_that_may_not_be_is_told_with_its_field(string field, string json, string shown, string reason) =>
        await RefusedAsync($"[{Changed(field, json)}]", 400, $"Invalid input for field/attribute {field}. Value: '{shown}'. {reason}", ("X-Project-Id", "p1"));

    [Fact]
    public async Task An_unknown_attribute_is_refused() =>
        await RefusedAsync($"[{With("colour", "\"red\"")}]", 400, "Unknown attribute for argument samples: colour");

    [Fact]
    public async Task Another_media_type_is_unknown_unless_there_is_no_body()
    {
        var refused = await host.PostAsync("/v2/meters/apples", $"[{Good}]", "text/plain");
        var empty = await host.PostAsync("/v2/meters/apples", "", "text/plain");

        Assert.Equal((415, "Unknown mimetype: text/plain"), (refused.Status, refused.FaultString));
        Assert.Equal((400, "Samples should be included in request body"), (empty.Status, empty.FaultString));
    }

    [Theory]
    [InlineData("?colour=red", "Unknown argument: \"colour\"")]
    [InlineData("?limit=1&direct=true&x=y", "Unknown argument: \"limit, x\"")]
    public async Task Other_arguments_are_unknown(string query, string fault)
    {
        var answer = await host.PostAsync($"/v2/meters/apples{query}", $"[{Good}]");

        Assert.Equal((400, fault), (answer.Status, answer.FaultString));
    }

    [Fact]
    public async Task An_admin_and_a_caller_without_project_post_for_any_project()
    {
        Assert.Equal(201, (await host.PostAsync("/v2/meters/apples", $"[{Good}]", headers: [("X-Project-Id", "p9"), ("X-Roles", "member,Admin")])).Status);
        Assert.Equal(201, (await host.PostAsync("/v2/meters/apples", $"[{Good}]")).Status);
    }

    [Fact]
    public async Task A_limited_caller_posts_for_any_user_of_its_project()
    {
        var answer = await host.PostAsync("/v2/meters/apples", $"[{Good}]", headers: [("X-Project-Id", "p1"), ("X-User-Id", "u2"), ("X-Roles", "member")]);

        Assert.Equal((201, "u1"), (answer.Status, answer.Json[0].GetProperty("user_id").GetString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("?direct=true")]
    [InlineData("?direct=false")]
    [InlineData("/?direct=maybe")]
    public async Task Every_way_answers_201_with_the_list_filled_in(string suffix)
    {
        var body = $"[{Good},{Changed("timestamp", "\"2014-01-01T03:00:00.5+02:00\"")}]";

        var answer = await host.PostAsync($"/v2/meters/apples{suffix}", body);

        Assert.Equal((201, null), (answer.Status, answer.Header("Location")));
        var sample = answer.Json[0];
        Assert.Equal(
            ["counter_name", "counter_type", "counter_unit", "counter_volume", "resource_id", "project_id", "user_id", "source", "timestamp", "resource_metadata", "message_id"],
            sample.EnumerateObject().Select(p => p.Name));
        Assert.Equal("1.0", sample.GetProperty("counter_volume").GetRawText());
        Assert.Equal("p1:openstack", sample.GetProperty("source").GetString());
        Assert.Equal("2014-01-01T00:00:00", sample.GetProperty("timestamp").GetString());
        Assert.Equal("""{"a.b":"1","c":null}""", sample.GetProperty("resource_metadata").GetRawText());
        Assert.Equal("2014-01-01T03:00:00.500000+02:00", answer.Json[1].GetProperty("timestamp").GetString());

        var stored = await host.Store.FindAsync(long.Parse(answer.Header("Telemetry-Position")!), Ct);
        var batch = Assert.IsType<EventBody.Samples>(stored!.Body).Batch;
        Assert.Equal("""{"a":{"b":"1"},"c":null}""", batch.Metadata[0].ToString());
        Assert.Equal("2014-01-01T01:00:00.500000", UnixMicroseconds.Format(batch.Timestamps[1]));
        Assert.Equal([batch.SampleId(stored.Id, 0), batch.SampleId(stored.Id, 1)], answer.Json.EnumerateArray().Select(s => s.GetProperty("message_id").GetString()!));
    }

    [Fact]
    public async Task Defaults_come_from_the_headers_and_the_clock()
    {
        var body = """[{"counter_name":"apples","counter_type":"delta","counter_unit":null,"counter_volume":"1.5","resource_id":"r","message_id":"","resource_metadata":null,"source":"s"}]""";

        var answer = await host.PostAsync("/v2/meters/apples", body, headers: [("X-Project-Id", "p"), ("X-User-Id", "u")]);
        var nobody = await host.PostAsync("/v2/meters/apples", body);

        var sample = answer.Json[0];
        Assert.Equal(("p", "u", "p:s"), (sample.GetProperty("project_id").GetString(), sample.GetProperty("user_id").GetString(), sample.GetProperty("source").GetString()));
        Assert.Equal(JsonValueKind.Null, sample.GetProperty("counter_unit").ValueKind);
        Assert.Equal("{}", sample.GetProperty("resource_metadata").GetRawText());
        Assert.Equal(1.5, sample.GetProperty("counter_volume").GetDouble());
        Assert.True(DateTime.UtcNow - sample.GetProperty("timestamp").GetDateTime() < TimeSpan.FromMinutes(1));
        Assert.Equal("None:s", nobody.Json[0].GetProperty("source").GetString());
        Assert.Equal(JsonValueKind.Null, nobody.Json[0].GetProperty("project_id").ValueKind);
    }

    [Fact]
    public async Task A_wrapped_list_is_taken_too() =>
        Assert.Equal(201, (await host.PostAsync("/v2/meters/apples", $$"""{"samples":[{{Good}}]}""")).Status);

    private async Task RefusedAsync(string body, int status, string fault, params (string, string)[] headers)
    {
        var before = await host.Store.HeadAsync(Ct);

        var answer = await host.PostAsync("/v2/meters/apples", body, headers: headers);

        Assert.Equal((status, fault), (answer.Status, answer.FaultString));
        Assert.Equal(before, await host.Store.HeadAsync(Ct));
    }
}
