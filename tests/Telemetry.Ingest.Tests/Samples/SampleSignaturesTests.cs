using System.Text;
using System.Text.Json;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

/// <summary>HMACs of samples, verified out of the bytes they come in: the same answer as <see cref="MessageSignature"/> gives.</summary>
public sealed class SampleSignaturesTests
{
    private static readonly SigningSecrets Secrets = new(["new secret", "s3cr3t"]);

    [Fact]
    public void Samples_that_Ceilometer_signed_verify()
    {
        using var recorded = JsonDocument.Parse(TestData.Bytes("notifications/signatures.json"));
        var samples = recorded.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("message")).Where(m => m.TryGetProperty("counter_name", out _)).Select(m => m.GetRawText()).ToList();

        Assert.Equal(4, samples.Count);
        Assert.All(samples, sample => Assert.True(Read(sample).IsSigned));
        Assert.True(Read([.. samples]).IsSigned);
    }

    [Theory]
    [InlineData("counter_volume", "12.50")]
    [InlineData("counter_volume", "1E5")]
    [InlineData("counter_volume", "1e-07")]
    [InlineData("counter_volume", "-0.0")]
    [InlineData("counter_volume", "0.1")]
    [InlineData("counter_volume", "123456789012345.6")]
    [InlineData("counter_volume", "0.30000000000000004")]
    [InlineData("counter_volume", "123456789012345678901234567890")]
    [InlineData("counter_volume", "\"1.0\"")]
    [InlineData("monotonic_time", "null")]
    [InlineData("monotonic_time", "5.5")]
    [InlineData("user_id", "null")]
    [InlineData("user_id", "\"\\u00e9\\\"\"")]
    [InlineData("user_id", "\"é日本\"")]
    [InlineData("user_name", "\"n\"")]
    [InlineData("project_name", "[\"a\", 1.0, {\"b\": null}]")]
    [InlineData("publisher_id", "true")]
    [InlineData("recorded_at", "\"2026-11-20T10:00:00\"")]
    [InlineData("resource_metadata", "{}")]
    [InlineData("resource_metadata", "null")]
    [InlineData("resource_metadata", "{\"b\": {\"message_signature\": \"kept\", \"a\": [1.0, \"it's\", []]}, \"a\": true, \"\\u0062\": 2}")]
    public void Whatever_was_signed_verifies_and_nothing_else(string field, string json)
    {
        var sample = Bodies.Sample((field, json), ("message_id", "\"m-1\""));
        var signed = Sign(sample, "s3cr3t");

        Assert.True(Read(signed).IsSigned);
        Refused(signed.Replace("\"m-1\"", "\"m-2\"", StringComparison.Ordinal));
        Refused(Sign(sample, "another secret"));
    }

    [Fact]
    public void Metadata_that_were_met_before_are_part_of_the_text_too()
    {
        var reader = Bodies.Reader(secrets: Secrets);
        var samples = new[] { "1", "2", "1" }.Select((v, i) => Sign(Bodies.Sample(("resource_metadata", $$$"""{"flavor": {"id": "{{{v}}}"}}"""), ("message_id", $"\"{i}\"")), "s3cr3t")).ToList();
        for (var round = 0; round < 2; round++)
            Assert.True(reader.Read(Encoding.UTF8.GetBytes(Bodies.List([.. samples])), SampleFormat.Json, SampleRules.ForMessages()).IsSigned);

        var swapped = samples[1].Replace("\"id\": \"2\"", "\"id\": \"1\"", StringComparison.Ordinal);
        Assert.NotEqual(samples[1], swapped);
        Assert.Throws<SignatureRefusedException>(() => reader.Read(Encoding.UTF8.GetBytes(Bodies.List(samples[0], swapped)), SampleFormat.Json, SampleRules.ForMessages()));
    }

    [Fact]
    public void Samples_without_a_signature_pass_unless_they_are_finished_ones()
    {
        var bare = Bodies.Sample();

        Assert.False(Read(bare).IsSigned);
        Assert.False(Read(bare, Sign(bare, "s3cr3t")).IsSigned);
        Assert.Throws<SignatureRefusedException>(() => Bodies.Reader(secrets: Secrets).Read(Encoding.UTF8.GetBytes(Bodies.List(bare)), SampleFormat.Json, SampleRules.Finished));
        Assert.Single(Bodies.Reader().Read(Encoding.UTF8.GetBytes(Bodies.List(bare)), SampleFormat.Json, SampleRules.Finished).Batch.Series);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("5")]
    [InlineData("\"00\"")]
    [InlineData("\"zz00000000000000000000000000000000000000000000000000000000000000\"")]
    public void A_signature_of_another_shape_is_refused(string json)
    {
        var signed = Bodies.Sample(("message_signature", json));
        Assert.ThrowsAny<Exception>(() => Bodies.Reader(secrets: Secrets).Read(Encoding.UTF8.GetBytes(Bodies.List(signed)), SampleFormat.Json, SampleRules.Finished));
        if (json != "\"\"") // as none: a sender without a secret writes it so
            Refused(signed);
    }

    [Fact]
    public void Without_secrets_and_with_an_empty_one_every_signature_is_kept_as_it_is()
    {
        var forged = Bodies.Sample(("message_signature", $"\"{new string('0', 63)}1\""));

        Assert.NotNull(Bodies.Read(Bodies.List(forged)).Batch.Signature(0));
        Assert.NotNull(Bodies.Reader(secrets: new(["", "s"])).Read(Encoding.UTF8.GetBytes(Bodies.List(forged)), SampleFormat.Json, SampleRules.ForMessages()).Batch.Signature(0));
    }

    private static void Refused(string sample) => Assert.StartsWith(
        "message_signature of samples[0] ", Assert.Throws<SignatureRefusedException>(() => Read(sample)).Message, StringComparison.Ordinal);

    private static ParsedSamples Read(params string[] samples) =>
        Bodies.Reader(secrets: Secrets).Read(Encoding.UTF8.GetBytes(Bodies.List(samples)), SampleFormat.Json, SampleRules.ForMessages());

    private static string Sign(string sample, string secret)
    {
        var signature = MessageSignature.Compute(JsonElement.Parse(sample), new([secret]));
        return $"{sample[..^1]},\"message_signature\":\"{signature}\"}}";
    }
}
