using System.Text;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Definitions;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Notifications;

public sealed class NotificationConverterTests
{
    private static readonly NotificationConverter Converter = DefinitionFiles.Shipped.Load();
    private static readonly NotificationConverter Signed = DefinitionFiles.Shipped.Load(new() { Secrets = new(["s3cr3t"]) });

    [Fact]
    public void Every_recorded_polling_message_verifies_and_gives_its_samples_unchanged()
    {
        var messages = Recordings.Messages("recorded-polling.jsonl");
        var polled = DefinitionFiles.Shipped.Load(new() { Secrets = new(["s3cr3t", "change this for valid signing"]) });
        Assert.Equal(32, messages.Count);
        Assert.All(messages.Values, body =>
        {
            var converted = polled.Convert(body);
            var samples = Payload(body).GetProperty("samples").EnumerateArray().ToLookup(s => s.GetProperty("counter_volume").ValueKind == JsonValueKind.Number);
            Assert.Equal(samples[true].Select(Expected), converted.Samples.Select(Actual));
            Assert.Equal(samples[false].Select(s => "'counter_volume' is null; a volume is a finite number."), converted.Problems);
            Assert.Empty(converted.Events);
        });
    }

    [Fact]
    public void What_was_polled_is_the_same_in_batches_and_one_by_one()
    {
        var body = Recordings.Messages("recorded-polling.jsonl").Values.MaxBy(b => Payload(b).GetProperty("samples").GetArrayLength())!;
        var samples = Payload(body).GetProperty("samples").EnumerateArray().ToList();
        Assert.True(samples.Count > 1);

        var alone = samples.SelectMany(s => Converter.Convert(Message("telemetry.polling", $$"""{"samples": [{{s.GetRawText()}}]}""", "SAMPLE")).Samples);

        Assert.Equal(Converter.Convert(body).Samples.Select(Actual), alone.Select(Actual));
    }

    /// <summary>As dynamic pollsters send them: names and owners as a site has written them down, and values of any type that an API may give.</summary>
    [Theory]
    [InlineData("1", 1.0)]
    [InlineData("\"2.5\"", 2.5)]
    [InlineData("true", 1.0)]
    [InlineData("\"ACTIVE\"", null)]
    [InlineData("null", null)]
    public void A_dynamic_pollsters_sample_counts_where_its_value_is_a_number_also_with_the_names_of_its_owners(string value, double? volume)
    {
        var sample = SignedMessage.Write(new(["s3cr3t"]), writer => WriteProperties(writer, $$$"""
            {"source": "openstack", "counter_name": "dynamic.network.services.vpn.connection", "counter_type": "gauge", "counter_unit": "ipsec_site_connection", "counter_volume": {{{value}}},
             "user_id": null, "user_name": "ż", "project_id": null, "project_name": "site-a", "resource_id": "r", "timestamp": "2026-11-20T10:00:00.000001+00:00",
             "resource_metadata": {"name": null, "peers": [1, "a"], "domain": {"id": "d"}}, "message_id": "m-2", "monotonic_time": 1.5}
            """));

        var converted = Signed.Convert(Message("telemetry.polling", $$"""{"samples": [{{Encoding.UTF8.GetString(sample)}}]}""", "SAMPLE"));

        Assert.Equal(0, converted.RefusedSignatures);
        Assert.Equal(volume is null ? ["'counter_volume'"] : [], converted.Problems.Select(p => p.Split(' ')[0]));
        Assert.Equal(
            volume is null ? [] : [$"dynamic.network.services.vpn.connection r None None {volume} {{\"domain\":{{\"id\":\"d\"}},\"name\":null,\"peers\":[1,\"a\"]}}"],
            converted.Samples.Select(s => $"{s.Series.Meter} {s.Series.ResourceId} {s.Series.ProjectId ?? "None"} {s.Series.UserId ?? "None"} {s.Volume} {s.Metadata}"));
    }

    [Fact]
    public void Every_recorded_message_of_the_notifier_publisher_verifies_and_gives_its_samples_or_events()
    {
        var messages = Recordings.Messages("recorded-telemetry.jsonl").Values.Select(b => (Body: b, Converted: Signed.Convert(b))).ToList();

        Assert.All(messages, m =>
        {
            Assert.Empty(m.Converted.Problems);
            Assert.Equal(Payload(m.Body).GetArrayLength(), m.Converted.Samples.Count + m.Converted.Events.Count);
        });
        var sample = messages.SelectMany(m => m.Converted.Samples).First(s => s.Series.Meter == "cpu");
        Assert.Equal("00000000-0000-0000-0000-000000000001", sample.MessageId);
        Assert.Equal(12345.678, sample.MonotonicTime);
        Assert.Equal("3aedeed925174e8666393727a9f21cfdde9d84769677262d492fad3e0fe723dc", Convert.ToHexStringLower(sample.Signature!));
        var made = messages.SelectMany(m => m.Converted.Events).First(e => e.EventType == "compute.instance.create.end");
        Assert.Equal(
            [("instance_id", TraitType.Text, "i-1"), ("memory_mb", TraitType.Integer, "512"), ("f", TraitType.Float, "1.5"), ("launched_at", TraitType.Datetime, "2026-11-20T09:59:59")],
            made.Traits.Select(t => (t.Name, t.Type, t.Text)));
        Assert.Contains(messages.SelectMany(m => m.Converted.Events), e => e.Raw.ToString() == """{"payload": {"a": [1, "\u017c", null]}}""");
    }

    [Fact]
    public void Finished_samples_are_the_same_as_columns_and_one_by_one()
    {
        var secrets = new SigningSecrets(["s3cr3t"]);
        var columns = DefinitionFiles.Shipped.Load(new() { Secrets = secrets }, new SampleReader(new(), TimeProvider.System, secrets));
        var bodies = Recordings.Messages("recorded-telemetry.jsonl").Values.Where(b => Signed.Convert(b).Samples.Count > 0).ToList();
        Assert.NotEmpty(bodies);
        Assert.All(bodies, body =>
        {
            var (batch, oneByOne) = (columns.Convert(body).Columns!, SampleInFlight.ToBatch(Signed.Convert(body).Samples));
            Assert.Equal(oneByOne.Series, batch.Series);
            Assert.Equal(oneByOne.Timestamps, batch.Timestamps);
            Assert.Equal(oneByOne.Volumes, batch.Volumes);
            Assert.Equal(oneByOne.Metadata, batch.Metadata);
            Assert.Equal(oneByOne.Signatures, batch.Signatures);
            Assert.Equal(Enumerable.Range(0, oneByOne.Count).Select(i => oneByOne.MessageIds![i]), Enumerable.Range(0, batch.Count).Select(i => batch.MessageIds![i]));
        });

        var forged = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bodies[0]).Replace("15430000000", "15430000001", StringComparison.Ordinal));
        var converted = columns.Convert(forged); // one by one again, so that the others count
        Assert.Equal((null, 1, Signed.Convert(bodies[0]).Samples.Count - 1), (converted.Columns, converted.RefusedSignatures, converted.Samples.Count));
    }

    [Fact]
    public void A_sample_with_a_wrong_signature_is_refused_and_the_others_count()
    {
        var body = Recordings.Messages("recorded-telemetry.jsonl").Values.First();
        var forged = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("15430000000", "15430000001", StringComparison.Ordinal));

        var converted = Signed.Convert(forged);

        Assert.Equal(1, converted.RefusedSignatures);
        Assert.Equal("""The signature of message "00000000-0000-0000-0000-000000000001" is missing or wrong.""", Assert.Single(converted.Problems));
        Assert.Equal(Signed.Convert(body).Samples.Count - 1, converted.Samples.Count);
    }

    [Fact]
    public void An_event_with_a_wrong_signature_is_refused_and_the_others_count()
    {
        var body = Recordings.Messages("recorded-telemetry.jsonl").Values.First(b => Signed.Convert(b).Events.Any(e => e.EventType == "compute.instance.create.end"));
        var forged = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("compute.instance.create.end", "compute.instance.delete.end", StringComparison.Ordinal));

        var converted = Signed.Convert(forged);

        Assert.Equal(1, converted.RefusedSignatures);
        Assert.EndsWith("is missing or wrong.", Assert.Single(converted.Problems), StringComparison.Ordinal);
        Assert.Equal(Signed.Convert(body).Events.Count - 1, converted.Events.Count);
    }

    [Theory]
    [InlineData("telemetry.polling")]
    [InlineData("telemetry.api")] // what Ceilometer's own API posted
    public void Samples_of_agents_and_of_the_API_are_taken_as_they_are_and_wait_for_the_pipelines(string eventType)
    {
        var payload = Payload(Recordings.Messages("recorded-polling.jsonl").Values.First());

        var converted = Converter.Convert(Message(eventType, payload.GetRawText(), "SAMPLE"));

        Assert.Equal(payload.GetProperty("samples").EnumerateArray().Select(Expected), converted.Samples.Select(Actual));
        Assert.False(converted.IsFinished);
    }

    [Theory]
    [InlineData("http.request", "request")]
    [InlineData("http.response", "response")]
    public void A_request_counts_as_one_of_its_service(string eventType, string unit)
    {
        var converted = Converter.Convert(Message(eventType, """
            {"request": {"HTTP_X_SERVICE_NAME": "nova", "HTTP_X_PROJECT_ID": "p", "HTTP_X_USER_ID": "u"}}
            """));

        var sample = Assert.Single(converted.Samples);
        Assert.Equal(new SeriesKey(eventType, SampleType.Delta, unit, "nova", "p", "u", "openstack"), sample.Series);
        Assert.Equal(1, sample.Volume);
        Assert.Equal(QueryValue.Of("nova"), sample.Metadata["request.HTTP_X_SERVICE_NAME"]);
        Assert.Equal(QueryValue.Of(eventType), sample.Metadata["event_type"]);
    }

    [Fact]
    public void A_request_without_a_service_gives_an_event_but_no_sample()
    {
        var converted = Converter.Convert(Message("http.response", """{"request": {}}"""));

        Assert.Empty(converted.Samples);
        Assert.Equal("'payload.request.HTTP_X_SERVICE_NAME' is missing.", Assert.Single(converted.Problems));
        Assert.Single(converted.Events);
    }

    [Fact]
    public void The_sensors_of_a_node_give_a_sample_each()
    {
        var converted = Converter.Convert(Message("hardware.ipmi.metrics.update", """
            {"node_uuid": "n1", "timestamp": "2026-11-20T10:00:00.5", "event_type": "hardware.ipmi.metrics.update", "payload": {
             "Temperature": {"CPU1 (0x1)": {"Sensor ID": "CPU1 Temp (0x1)", "Sensor Reading": "28.500 (+/- 0.500) degrees C"},
                             "CPU2 (0x2)": {"Sensor ID": "CPU2 Temp (0x2)", "Sensor Reading": "Disabled"},
                             "CPU3 (0x3)": {"Sensor ID": "CPU3 Temp (0x3)", "Sensor Reading": "hot"},
                             "CPU4 (0x4)": {"Sensor Reading": "1 C"}},
             "Voltage": {"V (0x5)": {"Sensor ID": "V (0x5)", "Sensor Reading": "3.3 (+/- 0) Volts"}},
             "Fan": {"F (0x6)": {"Sensor ID": "F (0x6)", "Sensor Reading": "4200 (+/- 0) RPM"}},
             "Current": {"Amps (0x7)": {"Sensor ID": "Amps (0x7)", "Sensor Reading": "130 (+/- 0) Watts"}}}}
            """));

        Assert.Equal(
            [("hardware.ipmi.current", "n1-amps_(0x7)", 130, "W"), ("hardware.ipmi.fan", "n1-f_(0x6)", 4200, "RPM"),
             ("hardware.ipmi.temperature", "n1-cpu1_temp_(0x1)", 28.5, "C"), ("hardware.ipmi.voltage", "n1-v_(0x5)", 3.3, "V")],
            converted.Samples.Select(s => (s.Series.Meter, s.Series.ResourceId, s.Volume, s.Series.Unit!)));
        Assert.All(converted.Samples, s => Assert.Equal("2026-11-20T10:00:00.500000", UnixMicroseconds.Format(s.Timestamp)));
        Assert.Equal(QueryValue.Of("n1"), converted.Samples[0].Metadata["node"]);
        Assert.Equal(
            ["Sensor 'CPU3 (0x3)' of node 'n1': 'Sensor Reading' is 'hot', which has no value and unit.", "Sensor 'CPU4 (0x4)' of node 'n1': 'Sensor ID' is missing."],
            converted.Problems);
    }

    [Fact]
    public void User_metadata_is_kept_by_its_reserved_prefix_or_key_without_what_the_metadata_has()
    {
        var converter = DefinitionFiles.Shipped.Load(new() { ReservedKeys = ["owner.name"], ReservedLength = 3 });

        var sample = converter.Convert(Message("compute.instance.exists", """
            {"instance_id": "i", "memory_mb": 512, "display_name": "vm", "metadata": {"metering.stack.id": "abcdef", "metering.n": 5, "metering.display_name": "x", "owner.name": "żółw", "other": 1}}
            """)).Samples.Single(s => s.Series.Meter == "memory");

        Assert.Equal("""{"display_name":"vm","user_metadata":{"n":5,"owner_name":"żół","stack_id":"abc"}}""", sample.Metadata.ToString());
    }

    [Fact]
    public void Swift_requests_of_several_measurements_give_a_sample_each_and_none_where_counts_differ()
    {
        static byte[] Request(string measurements) => Message("objectstore.http.request", $$"""{"target": {"id": "t"}, "initiator": {"id": "u", "project_id": "p"}, "measurements": {{measurements}}}""");

        Assert.Equal(
            [("storage.in", 1.0), ("storage.out", 2.0)],
            Converter.Convert(Request("""[{"metric": {"name": "storage.in", "unit": "B"}, "result": 1}, {"metric": {"name": "storage.out", "unit": "B"}, "result": 2}]""")).Samples.Select(s => (s.Series.Meter, s.Volume)));
        var uneven = Converter.Convert(Request("""[{"metric": {"name": "a", "unit": "B"}, "result": 1}, {"metric": {"name": "b", "unit": "B"}}]"""));
        Assert.Empty(uneven.Samples);
        Assert.Equal("Of 2 samples 1 have a value for 'volume'.", Assert.Single(uneven.Problems));
    }

    [Theory]
    [InlineData("NaN", "'volume' is nan")]
    [InlineData("Infinity", "'volume' is inf")]
    [InlineData("null", "'volume' is missing")]
    [InlineData("\"big\"", "'volume' is \"big\"")]
    [InlineData("{}", "'volume' is {}")]
    public void A_volume_that_is_no_number_gives_no_sample_and_says_why(string size, string problem)
    {
        var converted = Converter.Convert(Message("image.update", $$"""{"id": "i", "owner": "p", "size": {{size}}}"""));

        Assert.Empty(converted.Samples);
        Assert.Contains(converted.Problems, p => p.StartsWith($"Meter 'image.size': {problem}", StringComparison.Ordinal));
    }

    [Fact]
    public void A_numeric_text_is_a_volume_and_NaN_in_metadata_becomes_text()
    {
        var sample = Assert.Single(Converter.Convert(Message("image.update", """{"id": "i", "owner": "p", "size": " 12.5 ", "load": [NaN, -Infinity]}""")).Samples);

        Assert.Equal(12.5, sample.Volume);
        Assert.Equal(QueryValue.Of("nan"), sample.Metadata["load[0]"]);
        Assert.Equal(QueryValue.Of("-inf"), sample.Metadata["load[1]"]);
    }

    [Fact]
    public void A_trait_that_cannot_be_converted_costs_the_event_and_not_the_samples()
    {
        var converted = Converter.Convert(Message("image.update", """{"id": "i", "owner": "p", "size": 5, "created_at": "yesterday"}"""));

        Assert.Single(converted.Samples);
        Assert.Empty(converted.Events);
        Assert.Equal("Trait 'created_at' is to be datetime, but its value is 'yesterday'.", Assert.Single(converted.Problems));
    }

    [Fact]
    public void Events_are_made_of_info_and_error_samples_of_info_and_sample()
    {
        (int, int) Made(string priority) => Converter.Convert(Message("image.update", """{"id": "i", "size": 5}""", priority)) is var c ? (c.Samples.Count, c.Events.Count) : default;

        Assert.Equal((1, 1), Made("INFO"));
        Assert.Equal((0, 1), Made("ERROR"));
        Assert.Equal((1, 0), Made("SAMPLE"));
        Assert.Equal((0, 0), Made("WARN"));
    }

    [Fact]
    public void The_raw_notification_is_kept_for_the_priorities_that_ask_for_it()
    {
        var converter = DefinitionFiles.Shipped.Load(new() { StoreRaw = new HashSet<string> { "error" } });

        Assert.Equal("{}", Assert.Single(converter.Convert(Message("x", """{"a": 1}""")).Events).Raw.ToString());
        Assert.Equal(
            """{"ctxt":{"user_id":"u"},"publisher_id":"p.host","event_type":"x","payload":{"a": 1},"metadata":{"message_id":"m-1","timestamp":"2026-11-20 10:00:00.000001"}}""",
            Assert.Single(converter.Convert(Message("x", """{"a": 1}""", "ERROR")).Events).Raw.ToString());
    }

    [Fact]
    public void A_bare_message_is_read_as_one_in_the_envelope()
    {
        var bare = Message("x", "{}");
        var wrapped = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["oslo.version"] = "2.0", ["oslo.message"] = Encoding.UTF8.GetString(bare) });

        Assert.Equal(Assert.Single(Converter.Convert(bare).Events).MessageId, Assert.Single(Converter.Convert(wrapped).Events).MessageId);
    }

    [Theory]
    [InlineData("""{"oslo.version": "2.0", "oslo.message": "{\"message_id\": """, "The message is no JSON")]
    [InlineData("""{"oslo.version": "2.0", "oslo.message": "{\"message_id\""}""", "The message is no JSON")]
    [InlineData("""{"oslo.version": "3.0", "oslo.message": "{}"}""", "'oslo.version' is \"3.0\"")]
    [InlineData("""{"oslo.message": "{}"}""", "'oslo.version' is missing")]
    [InlineData("""{"oslo.version": "2.0", "oslo.message": {}}""", "'oslo.message' is no text")]
    [InlineData("""{"oslo.version": "2.0", "oslo.message": "[]"}""", "'oslo.message' holds no JSON object")]
    [InlineData("""{"oslo.version": "2.0", "oslo.message": "\ud800"}""", "The message is no JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("", "no JSON")]
    [InlineData("\u0001\u0002", "no JSON")]
    [InlineData("""{"event_type": "x", "payload": {}, "timestamp": "2026-11-20"}""", "'message_id' is missing")]
    [InlineData("""{"message_id": "m", "payload": {}, "timestamp": "2026-11-20"}""", "'event_type' is missing")]
    [InlineData("""{"message_id": 5, "event_type": "x", "payload": {}, "timestamp": "2026-11-20"}""", "'message_id' is no text: 5")]
    [InlineData("""{"message_id": "m", "event_type": "x", "timestamp": "2026-11-20"}""", "'payload' is missing")]
    [InlineData("""{"message_id": "m", "event_type": "x", "payload": {}, "timestamp": "2026-13-20"}""", "'timestamp' is '2026-13-20', which is no time")]
    public void A_malformed_message_is_refused_with_its_reason(string body, string reason) =>
        Assert.Contains(reason, Assert.Throws<MalformedMessageException>(() => Converter.Convert(Encoding.UTF8.GetBytes(body))).Message, StringComparison.Ordinal);

    [Fact]
    public void Messages_that_are_too_large_or_too_deep_are_refused()
    {
        Assert.Contains("at most", Assert.Throws<MalformedMessageException>(() => Converter.Convert(new byte[10 << 20])).Message, StringComparison.Ordinal);
        Assert.Throws<MalformedMessageException>(() => Converter.Convert(Message("x", new string('[', 100_000))));
        Assert.Throws<MalformedMessageException>(() => Converter.Convert(Message("x", new string('[', 70) + new string(']', 70))));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("""{"samples": {"a": 1}}""")]
    [InlineData("""{"samples": [1, [], {}, {"counter_name": "\ud800"}]}""")]
    public void A_payload_of_another_shape_gives_problems_and_no_samples(string payload)
    {
        foreach (var type in (string[])["telemetry.polling", "http.request", "hardware.ipmi.metrics.update", "compute.metrics.update", "image.update"])
        {
            var converted = Converter.Convert(Message(type, payload));
            Assert.Empty(converted.Samples);
            Assert.NotEmpty(converted.Problems);
        }
    }

    [Fact]
    public void A_message_of_many_bad_samples_names_a_hundred_of_them()
    {
        var converted = Converter.Convert(Message("telemetry.polling", $$"""{"samples": [{{string.Join(',', Enumerable.Repeat("{}", 5_000))}}]}"""));

        Assert.Equal(100, converted.Problems.Count);
    }

    [Fact]
    public void Any_damage_to_a_message_gives_a_result_or_a_clear_error()
    {
        var random = new Random(20261120);
        var bodies = Recordings.Messages().Values.Concat(Recordings.Messages("recorded-polling.jsonl").Values).ToList();
        for (var i = 0; i < 3_000; i++)
        {
            byte[] damaged = [.. bodies[i % bodies.Count]];
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                Assert.NotNull(Converter.Convert(damaged.AsMemory(0, random.Next(4) == 0 ? random.Next(damaged.Length) : damaged.Length)));
            }
            catch (MalformedMessageException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    private static void WriteProperties(Utf8JsonWriter writer, string json)
    {
        foreach (var property in JsonElement.Parse(json).EnumerateObject())
            property.WriteTo(writer);
    }

    private static byte[] Message(string eventType, string payload, string priority = "INFO") => Encoding.UTF8.GetBytes($$"""
        {"message_id": "m-1", "publisher_id": "p.host", "event_type": "{{eventType}}", "priority": "{{priority}}", "payload": {{payload.Trim()}}, "timestamp": "2026-11-20 10:00:00.000001", "_context_user_id": "u"}
        """);

    private static JsonElement Payload(byte[] body) =>
        JsonElement.Parse(JsonElement.Parse(body).GetProperty("oslo.message").GetString()!).GetProperty("payload");

    private static string Expected(JsonElement s) => string.Join('\n', ((string[])["counter_name", "counter_type", "counter_unit", "resource_id", "project_id", "user_id", "source", "timestamp", "message_id"])
        .Select(f => PythonText.Of(s.GetProperty(f))).Append($"{s.GetProperty("counter_volume").GetDouble()} {Metadata.From(s.GetProperty("resource_metadata"))}"));

    private static string Actual(SampleInFlight s) => string.Join('\n', s.Series.Meter, s.Series.Type.Name(), s.Series.Unit, s.Series.ResourceId, s.Series.ProjectId ?? "None", s.Series.UserId ?? "None", s.Series.Source,
        UnixMicroseconds.Format(s.Timestamp), s.MessageId, $"{s.Volume} {s.Metadata}");
}
