using System.Buffers;
using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.Tests;

/// <summary>Our own <c>POST /v2/samples</c>: formats, answers, and input that means harm.</summary>
public sealed class SampleIntakeTests(SampleIntakeHost host) : IClassFixture<SampleIntakeHost>
{
    private const string One = """{"counter_name":"cpu","counter_type":"cumulative","counter_unit":"ns","counter_volume":2,"resource_id":"r1","project_id":"p1","timestamp":"2026-01-01T00:00:00","resource_metadata":{"flavor":{"vcpus":2},"tags":["a",null]},"message_id":"m1"}""";
    private const string Two = """{"counter_name":"temp","counter_type":"gauge","counter_unit":"C","counter_volume":20.5,"resource_id":"r2"}""";
    private const string Json = "application/json";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string?> Forms => new()
    {
        { Json, null }, { Json, "gzip" }, { Json, "br" },
        { "application/x-ndjson", null }, { "application/x-ndjson", "gzip" }, { "application/x-ndjson", "br" },
        { SampleBatchCodec.ContentType, null }, { SampleBatchCodec.ContentType, "gzip" }, { SampleBatchCodec.ContentType, "br" },
        { "Application/JSON; charset=utf-8", "identity" },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Every_form_and_encoding_is_stored_and_echoed(string contentType, string? encoding)
    {
        var body = contentType switch
        {
            "application/x-ndjson" => Encoding.UTF8.GetBytes($"{One}\n{Two}\n"),
            SampleBatchCodec.ContentType => Compact(),
            _ => Encoding.UTF8.GetBytes($"[{One},{Two}]"),
        };

        var answer = await host.PostAsync("/v2/samples", Pack(body, encoding), contentType, encoding is null ? [] : [("Content-Encoding", encoding)]);

        Assert.Equal(201, answer.Status);
        Assert.Equal(["cpu", "temp"], answer.Json.EnumerateArray().Select(s => s.GetProperty("counter_name").GetString()!));
        Assert.Equal("""{"flavor":{"vcpus":2},"tags":["a",null]}""", answer.Json[0].GetProperty("resource_metadata").GetRawText());
        Assert.Equal("openstack", answer.Json[0].GetProperty("source").GetString());
        Assert.Equal("m1", answer.Json[0].GetProperty("message_id").GetString());
        var stored = await host.Store.FindAsync(long.Parse(answer.Header("Telemetry-Position")!), Ct);
        var batch = Assert.IsType<EventBody.Samples>(stored!.Body).Batch;
        Assert.Equal([2, 20.5], batch.Volumes);
        Assert.Equal(batch.SampleId(stored.Id, 1), answer.Json[1].GetProperty("message_id").GetString());
    }

    [Fact]
    public async Task Who_prefers_a_minimal_answer_gets_no_echo()
    {
        var answer = await host.PostAsync("/v2/samples", $"[{One}]", headers: [("Prefer", "respond-async, Return=Minimal")]);

        Assert.Equal((204, "", "return=minimal"), (answer.Status, answer.Body, answer.Header("Preference-Applied")));
        Assert.NotNull(answer.Header("Telemetry-Position"));
    }

    [Fact]
    public async Task A_repeated_key_is_stored_once_and_answered_as_the_first()
    {
        (string, string)[] headers = [("Idempotency-Key", "k1"), ("X-Project-Id", "p1")];
        var first = await host.PostAsync("/v2/samples", $"[{Two}]", headers: headers);
        var head = await host.Store.HeadAsync(Ct);

        var again = await host.PostAsync("/v2/samples", $"[{Two}]", headers: headers);
        var other = await host.PostAsync("/v2/samples", $"[{One}]", headers: headers);

        Assert.Equal((201, first.Body, first.Header("Telemetry-Position")), (again.Status, again.Body, again.Header("Telemetry-Position")));
        Assert.Equal((null, "true"), (first.Header("Idempotent-Replayed"), again.Header("Idempotent-Replayed")));
        Assert.Equal((422, "The Idempotency-Key was used before, for other samples."), (other.Status, other.FaultString));
        Assert.Equal(head, await host.Store.HeadAsync(Ct));
        Assert.Equal(201, (await host.PostAsync("/v2/samples", $"[{Two}]", headers: [("Idempotency-Key", "k1"), ("X-Project-Id", "p2")])).Status);
        Assert.Equal(head + 1, await host.Store.HeadAsync(Ct)); // another project's key is another key
    }

    [Theory]
    [InlineData(255, 201)]
    [InlineData(256, 400)]
    public async Task A_key_has_at_most_255_characters(int length, int status) =>
        Assert.Equal(status, (await host.PostAsync("/v2/samples", $"[{Two}]", headers: [("Idempotency-Key", new string('k', length))])).Status);

    [Fact]
    public async Task A_limited_caller_posts_for_itself_and_nobody_else()
    {
        (string, string)[] limited = [("X-Project-Id", "p2"), ("X-User-Id", "u2"), ("X-Roles", "member")];

        var own = await host.PostAsync("/v2/samples", $"[{Two}]", headers: limited);

        Assert.Equal(("p2", "u2"), (own.Json[0].GetProperty("project_id").GetString(), own.Json[0].GetProperty("user_id").GetString()));
        await RefusedAsync(Encoding.UTF8.GetBytes($"[{Two},{One}]"), Json, 400,
            "Invalid input for field/attribute samples[1].project_id. Value: 'p1'. can not post samples to other projects", limited);
        Assert.Equal(201, (await host.PostAsync("/v2/samples", $"[{One}]", headers: [("X-Project-Id", "p2"), ("X-Roles", "admin")])).Status);
    }

    [Fact]
    public async Task A_message_without_volume_is_left_out_and_the_answer_says_so()
    {
        var answer = await host.PostAsync("/v2/samples", $"[{Two.Replace("20.5", "null", StringComparison.Ordinal)},{One}]");

        Assert.Equal((201, "1", 1), (answer.Status, answer.Header("Telemetry-Dropped"), answer.Json.GetArrayLength()));
    }

    public static TheoryData<string, string, string, int, string> Faults => new()
    {
        { "empty", "", Json, 400, "Samples should be included in request body" },
        { "no list", "{\"a\":1}", Json, 400, "Invalid input for field/attribute samples. Value: '{\"a\":1}'. Samples are a JSON list of objects." },
        { "second sample", $"[{Two},{Two.Replace("20.5", "\"x\"", StringComparison.Ordinal)}]", Json, 400, "Invalid input for field/attribute samples[1].counter_volume. Value: 'x'. A volume is a finite number." },
        { "second line", $"{Two}\n7", "application/x-ndjson", 400, "Invalid input for field/attribute samples[1]. Value: '7'. A sample is a JSON object." },
        { "far future", $"[{Two.Replace("{", "{\"timestamp\":\"99999-01-01\",", StringComparison.Ordinal)}]", Json, 400, "Invalid input for field/attribute samples[0].timestamp. Value: '99999-01-01'. A timestamp is ISO 8601 text, of the years 1 to 9999 in UTC." },
        { "negative", $"[{Two.Replace("{", "{\"timestamp\":-5,", StringComparison.Ordinal)}]", Json, 400, "Invalid input for field/attribute samples[0].timestamp. Value: '-5'. A timestamp is ISO 8601 text, of the years 1 to 9999 in UTC." },
        { "1e999", $"[{Two.Replace("20.5", "1e999", StringComparison.Ordinal)}]", Json, 400, "Invalid input for field/attribute samples[0].counter_volume. Value: '1e999'. A volume is a finite number." },
        { "NaN", $"[{Two.Replace("20.5", "NaN", StringComparison.Ordinal)}]", Json, 400, "Request is not in a valid format: It breaks after byte 83, at sample 0." },
        { "unknown", $"[{Two.Replace("{", "{\"colour\":1,", StringComparison.Ordinal)}]", Json, 400, "Unknown attribute for argument samples: colour" },
        { "media type", $"[{Two}]", "application/x-www-form-urlencoded", 415, "Unknown mimetype: application/x-www-form-urlencoded" },
        { "compact", "nonsense", SampleBatchCodec.ContentType, 400, "Request is not in a valid format: No batch of samples: version 110 is not known, only 1 (byte 1 of the body)." },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_first_fault_is_told_with_its_place(string what, string body, string contentType, int status, string fault)
    {
        Assert.NotEmpty(what);
        await RefusedAsync(Encoding.UTF8.GetBytes(body), contentType, status, fault);
    }

    [Fact]
    public async Task An_unknown_argument_is_refused() =>
        Assert.Equal("Unknown argument: \"direct\"", (await host.PostAsync("/v2/samples?direct=true", $"[{One}]")).FaultString);

    [Fact]
    public async Task Invalid_utf8_is_refused() =>
        await RefusedAsync([.. "[{\"counter_name\":\""u8, 0xff, .. "\"}]"u8], Json, 400, "Request is not in a valid format: The body is not valid UTF-8.");

    [Fact]
    public async Task Json_ten_thousand_deep_is_refused() =>
        await RefusedAsync(Encoding.UTF8.GetBytes(new string('[', 10_000)), Json, 400, "Request is not in a valid format: JSON is nested deeper than 64 levels.");

    [Fact]
    public async Task A_body_of_100_MB_is_too_large() =>
        await RefusedAsync(new byte[100 << 20], Json, 413, $"The body has more than {8 << 20} bytes, as sent or unpacked.");

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_bomb_is_too_large(string encoding) => await RefusedAsync(
        Pack(new byte[300 << 20], encoding), Json, 413, $"The body has more than {8 << 20} bytes, as sent or unpacked.", ("Content-Encoding", encoding));

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_truncated_packed_body_is_refused(string encoding) => await RefusedAsync(
        Pack(Encoding.UTF8.GetBytes($"[{One}]"), encoding)[..^12], Json, 400, "The body cannot be unpacked as its Content-Encoding says.", ("Content-Encoding", encoding));

    [Fact]
    public async Task An_unknown_encoding_is_refused() => await RefusedAsync(
        [1, 2, 3], Json, 415, "Unknown content encoding: zstd. Send gzip, br or none.", ("Content-Encoding", "zstd"));

    [Fact]
    public async Task A_full_queue_says_when_to_come_again()
    {
        var answer = await RefusedByStoreAsync(new EventStoreBusyException("The queue is full."));

        Assert.Equal((503, "The queue is full.", "1"), (answer.Status, answer.FaultString, answer.Header("Retry-After")));
    }

    [Fact]
    public async Task A_full_disk_is_told()
    {
        var answer = await RefusedByStoreAsync(new EventStoreFullException("The disk is full."));

        Assert.Equal((507, "The disk is full."), (answer.Status, answer.FaultString));
    }

    private async Task<IntakeAnswer> RefusedByStoreAsync(Exception refusal)
    {
        host.Store.Refusal = refusal;
        try
        {
            return await host.PostAsync("/v2/samples", $"[{One}]");
        }
        finally
        {
            host.Store.Refusal = null;
        }
    }

    [Fact]
    public async Task A_dictionary_that_is_not_known_is_409_until_it_was_sent_once()
    {
        var referred = Compact(DictionaryForm.Referred, "dictionary-test");
        var before = await host.Store.HeadAsync(Ct);

        var unknown = await host.PostAsync("/v2/samples", referred, SampleBatchCodec.ContentType);
        Assert.Equal(409, unknown.Status);
        Assert.EndsWith("is not known here. Send the batch with its dictionary.", unknown.FaultString, StringComparison.Ordinal);
        Assert.Equal(before, await host.Store.HeadAsync(Ct));

        Assert.Equal(201, (await host.PostAsync("/v2/samples", Compact(DictionaryForm.Named, "dictionary-test"), SampleBatchCodec.ContentType)).Status);
        var known = await host.PostAsync("/v2/samples", referred, SampleBatchCodec.ContentType);
        Assert.Equal((201, "dictionary-test"), (known.Status, known.Json[0].GetProperty("resource_id").GetString()));
    }

    [Fact]
    public async Task A_body_that_leaves_its_dictionary_out_cannot_be_signed_as_it_is()
    {
        var signature = $"keyid=k, alg=ecdsa-p256-sha256, sig={Convert.ToBase64String(new byte[64])}";

        await RefusedAsync(
            Compact(DictionaryForm.Referred, "r"), SampleBatchCodec.ContentType, 400,
            "A body that refers to a dictionary proves nothing by its bytes alone. Sign it over=streams, or send the dictionary along.", ("Telemetry-Signature", signature));
    }

    private async Task RefusedAsync(byte[] body, string contentType, int status, string fault, params (string, string)[] headers)
    {
        var before = await host.Store.HeadAsync(Ct);
        var start = Stopwatch.GetTimestamp();

        var answer = await host.PostAsync("/v2/samples", body, contentType, headers);

        Assert.Equal((status, fault), (answer.Status, answer.FaultString));
        Assert.Equal(before, await host.Store.HeadAsync(Ct));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5), "A refusal takes milliseconds; 5 s leave room for a busy machine.");
    }

    private static byte[] Compact(DictionaryForm form, string resource)
    {
        var at = UnixMicroseconds.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var body = new ArrayBufferWriter<byte>();
        SampleBatchCodec.Encode(new SampleBatch([new("cpu", SampleType.Cumulative, "ns", resource, "p1", null, "openstack")], [at], [2], [Metadata.Empty]), body, form);
        return body.WrittenSpan.ToArray();
    }

    private static byte[] Compact()
    {
        var at = UnixMicroseconds.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var batch = new SampleBatch(
            [new("cpu", SampleType.Cumulative, "ns", "r1", "p1", null, "openstack"), new("temp", SampleType.Gauge, "C", "r2", null, null, "openstack")],
            [at, at], [2, 20.5], [Metadata.Parse("""{"flavor":{"vcpus":2},"tags":["a",null]}"""u8), Metadata.Empty],
            new MessageIds(new Guid[2], new Dictionary<int, string> { [0] = "m1" }));
        var body = new ArrayBufferWriter<byte>();
        SampleBatchCodec.Encode(batch, body);
        return body.WrittenSpan.ToArray();
    }

    private static byte[] Pack(byte[] content, string? encoding)
    {
        if (encoding is null or "identity")
            return content;
        var packed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(packed, CompressionLevel.Fastest) : new BrotliStream(packed, CompressionLevel.Fastest))
            stream.Write(content);
        return packed.ToArray();
    }
}
