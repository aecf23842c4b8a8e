using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.Tests.Support;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.Tests.V2.Events;

/// <summary>Telemetry events over HTTP.</summary>
public sealed class EventIntakeTests : IAsyncLifetime
{
    private const string Event = """{"message_id": "m", "event_type": "t", "generated": "2026-11-20T10:00:00.5+01:00", "traits": [TRAITS]}""";
    private static readonly (string, string)[] Admin = [("X-Roles", "admin"), ("X-User-Id", "u"), ("X-Project-Id", "p")];

    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartEventsAsync(("Telemetry:Ingest:Events:MaxEvents", "3"), ("Telemetry:Ingest:Events:MaxBodyBytes", "10000"), ("Telemetry:Ingest:Events:MaxRawBytes", "100"));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task<HttpAnswer> PostAsync(string body, params (string, string)[] headers) => _host.PostAsync("/v2/events", body, headers is [] ? Admin : headers);

    [Theory]
    [InlineData("string", "\"x\"", "x")]
    [InlineData("text", "5", "5")]
    [InlineData("string", "true", "True")]
    [InlineData("integer", "\" -3 \"", "-3")]
    [InlineData("int", "9223372036854775807", "9223372036854775807")]
    [InlineData("float", "\"1e3\"", "1000.0")]
    [InlineData("float", "2", "2.0")]
    [InlineData("datetime", "\"2026-11-20T10:00:00+01:00\"", "2026-11-20T09:00:00")]
    [InlineData("datetime", "\"2026-11-20\"", "2026-11-20T00:00:00")]
    public async Task A_value_is_converted_by_its_type(string type, string value, string shown)
    {
        var answer = await PostAsync($"[{Event.Replace("TRAITS", $$"""{"name": "a", "type": "{{type}}", "value": {{value}}}""", StringComparison.Ordinal)}]");

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("2026-11-20T09:00:00.500000", answer.Json[0].GetProperty("generated").GetString());
        var stored = (await _host.GetAsync("/v2/events/m", Admin)).Json;
        Assert.Equal(shown, stored.GetProperty("traits")[0].GetProperty("value").GetString());
        Assert.Equal(answer.Json[0].GetRawText(), stored.GetRawText());
    }

    [Theory]
    [InlineData("{", "Request is not in valid JSON format")]
    [InlineData("[] x", "Request is not in valid JSON format")]
    [InlineData("""[{"message_id": "\ud800"}]""", "Request is not in valid JSON format")]
    [InlineData("", "Missing argument: \"events\"")]
    [InlineData("{}", "Invalid input for field/attribute events. Value: '{}'. It is a list of telemetry events.")]
    [InlineData("[1]", "Invalid input for field/attribute events[0]. Value: '1'. It is a telemetry event, a JSON object.")]
    [InlineData("[{}]", "Invalid input for field/attribute events[0].message_id. Value: 'None'. Mandatory field missing.")]
    [InlineData("""[OK, {"message_id": ""}]""", "Invalid input for field/attribute events[1].message_id. Value: ''. It is a text of 1 to 50 characters.")]
    [InlineData("""[{"message_id": 5}]""", "Invalid input for field/attribute events[0].message_id. Value: '5'. It is a text of 1 to 50 characters.")]
    [InlineData("""[{"message_id": "012345678901234567890123456789012345678901234567890"}]""", "Invalid input for field/attribute events[0].message_id. Value: '012345678901234567890123456789012345678901234567890'. It is a text of 1 to 50 characters.")]
    [InlineData("""[{"message_id": "m", "event_type": null}]""", "Invalid input for field/attribute events[0].event_type. Value: 'None'. Mandatory field missing.")]
    [InlineData("""[{"message_id": "m", "event_type": "t"}]""", "Invalid input for field/attribute events[0].generated. Value: 'None'. Mandatory field missing.")]
    [InlineData("""[{"message_id": "m", "event_type": "t", "generated": "soon"}]""", "Invalid input for field/attribute events[0].generated. Value: 'soon'. It is a time in ISO 8601.")]
    [InlineData("""[{"message_id": "m", "event_type": "t", "generated": 5}]""", "Invalid input for field/attribute events[0].generated. Value: '5'. It is a time in ISO 8601.")]
    [InlineData("""[{"message_id": "m", "event_type": "t", "generated": "2026-11-20", "traits": {}}]""", "Invalid input for field/attribute events[0].traits. Value: '{}'. It is a list of traits.")]
    [InlineData("""[{"message_id": "m", "event_type": "t", "generated": "2026-11-20", "raw": []}]""", "Invalid input for field/attribute events[0].raw. Value: '[]'. It is a JSON object.")]
    [InlineData("""[{"message_id": "m", "colour": 1}]""", "Invalid input for field/attribute events[0].colour. Value: '1'. There is no such attribute; there are message_id, event_type, generated, traits, raw.")]
    [InlineData("5", "Invalid input for field/attribute events[0].traits[0]. Value: '5'. It is a trait, a JSON object.", true)]
    [InlineData("{}", "Invalid input for field/attribute events[0].traits[0].name. Value: 'None'. Mandatory field missing.", true)]
    [InlineData("""{"name": "a"}""", "Invalid input for field/attribute events[0].traits[0].type. Value: 'None'. Mandatory field missing.", true)]
    [InlineData("""{"name": "a", "type": "boolean"}""", "Invalid input for field/attribute events[0].traits[0].type. Value: 'boolean'. It is string, integer, float or datetime.", true)]
    [InlineData("""{"name": "a", "type": "string"}""", "Invalid input for field/attribute events[0].traits[0].value. Value: 'None'. Mandatory field missing.", true)]
    [InlineData("""{"name": "a", "type": "string", "value": []}""", "Invalid input for field/attribute events[0].traits[0].value. Value: '[]'. It is no string.", true)]
    [InlineData("""{"name": "a", "type": "integer", "value": "1.5"}""", "Invalid input for field/attribute events[0].traits[0].value. Value: '1.5'. It is no integer.", true)]
    [InlineData("""{"name": "a", "type": "integer", "value": 99999999999999999999}""", "Invalid input for field/attribute events[0].traits[0].value. Value: '99999999999999999999'. It is no integer.", true)]
    [InlineData("""{"name": "a", "type": "float", "value": "nan"}""", "Invalid input for field/attribute events[0].traits[0].value. Value: 'nan'. It is no float.", true)]
    [InlineData("""{"name": "a", "type": "datetime", "value": "soon"}""", "Invalid input for field/attribute events[0].traits[0].value. Value: 'soon'. It is no datetime.", true)]
    [InlineData("""{"name": "a", "type": "string", "value": "x"}, {"name": "a", "type": "string", "value": "y"}""", "Invalid input for field/attribute events[0].traits[1].name. Value: 'a'. A trait of this name and of type string is there already.", true)]
    public async Task A_fault_is_named_by_place_and_field_and_nothing_is_stored(string body, string fault, bool isTrait = false)
    {
        body = isTrait ? $"[{Event.Replace("TRAITS", body, StringComparison.Ordinal)}]" : body.Replace("OK", Event.Replace("TRAITS", "", StringComparison.Ordinal), StringComparison.Ordinal);

        (await PostAsync(body)).AssertFault(400, fault);
        Assert.Equal("[]", (await _host.GetAsync("/v2/events", Admin)).Body);
    }

    [Fact]
    public async Task What_is_too_much_is_refused()
    {
        (await PostAsync($"[{string.Join(',', Enumerable.Range(0, 4).Select(i => Posted($"m{i}")))}]")).AssertFault(413, "The body has 4 telemetry events; at most 3 are taken.");
        (await PostAsync($"[{Posted(new string(' ', 10_000))}]")).AssertFault(413, "The body has more than 10000 bytes, as sent or unpacked.");
        Assert.EndsWith("It has more than 100 bytes.", (await PostAsync($$"""[{"message_id": "m", "event_type": "t", "generated": "2026-11-20", "raw": {"a": "{{new string('x', 100)}}" } }]""")).Fault, StringComparison.Ordinal);
        Assert.Equal(415, (int)(await _host.SendAsync("POST", "/v2/events", "[]", [("Content-Type", "text/plain"), .. Admin])).Status);
    }

    [Theory]
    [InlineData("/v2/events")]
    [InlineData("/v2/intake/events")]
    public async Task Limited_callers_post_none(string path)
    {
        var answer = await _host.PostAsync(path, $"[{Posted("m")}]", ("X-Roles", "member"), ("X-User-Id", "u"), ("X-Project-Id", "p"));

        Assert.Equal((403, "RBAC Authorization Failed"), ((int)answer.Status, answer.Json.GetProperty("error_message").GetString()));
    }

    [Fact]
    public async Task The_same_message_id_twice_is_one_event()
    {
        var first = await PostAsync($"[{Posted("m", "first")}]");
        var again = await PostAsync($"[{Posted("m", "second")}]");
        await PostAsync($"[{Posted("other")}, {Posted("m", "third")}, {Posted("m", "fourth")}]");

        Assert.Equal(("true", first.Headers["Telemetry-Position"].ToString()), (again.Headers["Idempotent-Replayed"].ToString(), again.Headers["Telemetry-Position"].ToString()));
        Assert.Equal(["first", "t"], (await _host.GetAsync("/v2/events", Admin)).All("event_type"));
    }

    [Fact]
    public async Task A_caller_that_wants_no_echo_gets_none()
    {
        var answer = await PostAsync($"[{Posted("m")}]", [("Prefer", "return=minimal"), .. Admin]);

        Assert.Equal((204, "", "1"), ((int)answer.Status, answer.Body, answer.Headers["Telemetry-Position"].ToString()));
        Assert.Equal(["m"], (await _host.GetAsync("/v2/events", Admin)).All("message_id"));
    }

    [Theory]
    [InlineData("[EVENT]", 1)]
    [InlineData("EVENT", 1)] // batch=False
    [InlineData("[]", 0)]
    public async Task What_Ceilometers_http_publisher_posts_is_taken(string body, int stored)
    {
        const string Message = """{"message_id": "m", "event_type": "x", "generated": "2026-11-20T10:00:00.5", "traits": [["n", 2, 3], ["at", 4, "2026-11-20T10:00:00"]], "raw": {"a": 1}}""";

        var answer = await _host.PostAsync("/v2/intake/events", body.Replace("EVENT", Message, StringComparison.Ordinal)); // it sends no identity

        Assert.Equal((204, ""), ((int)answer.Status, answer.Body));
        Assert.Equal(stored, (await _host.GetAsync("/v2/events", Admin)).Json.GetArrayLength());
        if (stored == 1)
        {
            Assert.Equal("""[{"name":"n","type":"integer","value":"3"},{"name":"at","type":"datetime","value":"2026-11-20T10:00:00"}]""", (await _host.GetAsync("/v2/events/m", Admin)).Json.GetProperty("traits").GetRawText());
            Assert.Equal("true", (await _host.PostAsync("/v2/intake/events", body.Replace("EVENT", Message, StringComparison.Ordinal))).Headers["Idempotent-Replayed"].ToString());
        }
    }

    [Fact]
    public async Task A_wrong_published_event_is_named_by_place_and_field()
    {
        (await _host.PostAsync("/v2/intake/events", """[{"message_id": "m", "event_type": "x", "generated": "2026-11-20", "traits": []}, {"event_type": "x", "generated": "2026-11-20", "traits": []}]"""))
            .AssertFault(400, "Event 1: 'message_id' is missing.");
        Assert.Equal("[]", (await _host.GetAsync("/v2/event_types")).Body);
    }

    [Fact]
    public async Task A_posted_event_fires_an_event_alarm()
    {
        const string Alarm = """
            {"name": "n", "type": "event", "state": "ok", "project_id": "p", "event_rule": {"event_type": "compute.*", "query": [
                {"field": "traits.launched_at", "op": "ge", "value": "2026-11-20T10:00:00", "type": "datetime"}, {"field": "traits.vcpus", "op": "gt", "value": "2", "type": "integer"}]}}
            """;
        var alarm = (await _host.PostAsync("/v2/alarms", Alarm, Admin)).Json.GetProperty("alarm_id").GetString()!;
        string Compute(string id, string launched, int vcpus) => $$"""
            [{"message_id": "{{id}}", "event_type": "compute.create", "generated": "2026-11-20", "traits": [{"name": "project_id", "type": "string", "value": "p"},
              {"name": "launched_at", "type": "datetime", "value": "{{launched}}"}, {"name": "vcpus", "type": "integer", "value": {{vcpus}}}]}]
            """;
        await PostAsync(Compute("early", "2026-11-20T09:59:59", 3));
        await PostAsync(Compute("small", "2026-11-20T10:00:00", 2));
        await PostAsync(Compute("both", "2026-11-20T11:00:00+01:00", 3));

        var changed = ("", "");
        await foreach (var recorded in _host.Services.GetRequiredService<IEventStore>().SubscribeAsync(0, TestContext.Current.CancellationToken))
        {
            if (recorded.Type != AlarmEvent.AlarmStateChanged.Name)
                continue;
            changed = ("Telemetry-Position", recorded.Position.ToString(System.Globalization.CultureInfo.InvariantCulture)); // the answer waits until it knows it
            break;
        }
        Assert.Equal("\"alarm\"", (await _host.GetAsync($"/v2/alarms/{alarm}/state", [changed, .. Admin])).Body);
        Assert.StartsWith("Event <id=both,event_type=compute.create> hits the query", (await _host.GetAsync($"/v2/alarms/{alarm}", Admin)).Json.GetProperty("state_reason").GetString(), StringComparison.Ordinal);
    }

    private static string Posted(string id, string type = "t") => $$"""{"message_id": "{{id}}", "event_type": "{{type}}", "generated": "2026-11-20T10:00:00", "traits": []}""";
}
