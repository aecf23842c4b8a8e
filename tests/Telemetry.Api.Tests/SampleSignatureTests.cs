using System.Text.Json;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.Tests;

/// <summary>Samples that carry Ceilometer's HMAC over REST, where the secret is known and signatures are demanded.</summary>
public sealed class SampleSignatureTests(SampleSignatureTests.Host host) : IClassFixture<SampleSignatureTests.Host>
{
    private const string One = """{"counter_name":"cpu","counter_type":"cumulative","counter_unit":"ns","counter_volume":2.5,"resource_id":"r1","project_id":"p1","timestamp":"2026-01-01T00:00:00","resource_metadata":{"flavor":{"vcpus":2},"tags":["a",null]},"message_id":"m1","monotonic_time":null}""";

    /// <summary>The intake with a secret, which takes no sample that is not signed.</summary>
    public sealed class Host : SampleIntakeHost
    {
        protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
        {
            ["Telemetry:Signing:Secrets:0"] = "s3cr3t",
            ["Telemetry:Ingest:Signatures:Required:0"] = "rest",
        };
    }

    [Theory]
    [InlineData("application/json", "[{0}]")]
    [InlineData("application/json", "{{\"samples\": [{0}]}}")]
    [InlineData("application/x-ndjson", "{0}\n{0}")]
    public async Task Samples_that_are_signed_each_are_taken_and_keep_their_signatures(string contentType, string form)
    {
        var answer = await host.PostAsync("/v2/samples", string.Format(System.Globalization.CultureInfo.InvariantCulture, form, Signed(One)), contentType);

        Assert.Equal(201, answer.Status);
        var stored = await host.Store.FindAsync(long.Parse(answer.Header("Telemetry-Position")!), TestContext.Current.CancellationToken);
        Assert.Equal(JsonElement.Parse(Signed(One)).GetProperty("message_signature").GetString(), Assert.IsType<EventBody.Samples>(stored!.Body).Batch.Signature(0));
    }

    [Fact]
    public async Task A_sample_whose_signature_is_not_its_own_is_refused_and_nothing_of_the_request_is_stored()
    {
        var before = await host.Store.HeadAsync(TestContext.Current.CancellationToken);

        var answer = await host.PostAsync("/v2/samples", $"[{Signed(One)},{Signed(One).Replace("2.5", "3.5", StringComparison.Ordinal)}]");

        Assert.Equal((403, "message_signature of samples[1] is missing or by none of the secrets."), (answer.Status, answer.FaultString));
        Assert.Equal(before, await host.Store.HeadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Where_signatures_are_demanded_one_sample_without_is_enough_to_refuse_the_request() =>
        Assert.Equal(
            (403, "Samples over rest must be signed: Telemetry-Signature is missing."),
            await host.PostAsync("/v2/samples", $"[{Signed(One)},{One}]") is var answer ? (answer.Status, answer.FaultString) : default);

    [Fact]
    public async Task Ceilometer_s_own_call_has_no_such_field() =>
        Assert.Equal(
            (400, "Unknown attribute for argument samples: message_signature"),
            await host.PostAsync("/v2/meters/cpu", $"[{Signed("""{"counter_name":"cpu","counter_type":"gauge","counter_unit":"ns","counter_volume":1,"resource_id":"r1"}""")}]") is var answer ? (answer.Status, answer.FaultString) : default);

    private static string Signed(string sample) =>
        $"{sample[..^1]},\"message_signature\":\"{MessageSignature.Compute(JsonElement.Parse(sample), new(["s3cr3t"]))}\"}}";
}
