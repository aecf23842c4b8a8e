using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Telemetry.Api.Tests.Support;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Api.Tests.V2.Audit;

public sealed class SignedIntakeTests : IAsyncLifetime
{
    private const string Body = """[{"counter_name":"net","counter_type":"delta","counter_unit":"MB","counter_volume":1.5,"resource_id":"r","project_id":"p","user_id":"u","source":"s","timestamp":"2026-10-05T12:00:00"}]""";
    private readonly ECDsa _key = P256.Create();
    private AuditHost _host = null!;

    public async ValueTask InitializeAsync() => await StartAsync();

    public async ValueTask DisposeAsync()
    {
        _key.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_signed_body_is_kept_and_its_signer_proved()
    {
        var answer = await PostAsync(Body, BatchSignature.OfBody("k", _key, Encoding.UTF8.GetBytes(Body)));
        Assert.Equal(201, answer.Status);
        var id = answer.Json[0].GetProperty("message_id").GetString();

        var found = ProofChecker.Check(EventProofJson.Read((await _host.GetAsync($"/v2/audit/proof?event={id}")).Bytes), NoteVerifier.Parse((await _host.GetAsync("/v2/audit/key")).Text));

        Assert.Equal("k", found.Signer!.Id);
        Assert.Equal(1, await SignaturesAsync());
    }

    [Fact]
    public async Task A_batch_signed_over_its_streams_keeps_no_body()
    {
        var answer = await PostAsync(Body, BatchSignature.OfStreams("k", _key, Batch(1.5)));

        Assert.Equal(201, answer.Status);
        Assert.Empty((await _host.GetAsync("/v2/streams?prefix=evidence-")).Json.EnumerateArray());
        Assert.Equal(1, await SignaturesAsync());
    }

    [Fact]
    public async Task A_wrong_signature_is_refused_and_nothing_is_stored()
    {
        using var other = P256.Create();
        var head = await _host.Log.HeadAsync(TestContext.Current.CancellationToken);

        foreach (var (signature, problem) in new[]
        {
            (BatchSignature.OfBody("k", _key, "[]"u8).ToString(), "not of this body"),
            (BatchSignature.OfStreams("k", _key, Batch(2)).ToString(), "not of this batch"),
            (BatchSignature.OfBody("k", other, Encoding.UTF8.GetBytes(Body)).ToString(), "not of this body"),
            (BatchSignature.OfBody("unknown", _key, Encoding.UTF8.GetBytes(Body)).ToString(), "Key 'unknown' is not registered."),
            (BatchSignature.OfBody("q-key", _key, Encoding.UTF8.GetBytes(Body)).ToString(), "signs for project 'q', a sample is of 'p'"),
        })
        {
            var answer = await _host.SendAsync("POST", "/v2/samples", Body, ("Telemetry-Signature", signature), ("X-Roles", "admin"));
            Assert.Equal(403, answer.Status);
            Assert.Contains(problem, answer.Text, StringComparison.Ordinal);
        }
        Assert.Equal(400, (await _host.SendAsync("POST", "/v2/samples", Body, ("Telemetry-Signature", "keyid=k"), ("X-Roles", "admin"))).Status);
        Assert.Equal(head, await _host.Log.HeadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_revoked_key_signs_no_more()
    {
        Assert.Equal(204, (await _host.SendAsync("DELETE", "/v2/keys/k", null)).Status);

        Assert.Contains("Key 'k' is revoked.", (await PostAsync(Body, BatchSignature.OfBody("k", _key, Encoding.UTF8.GetBytes(Body)))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_revoked_key_had_signed_may_be_sent_again_and_is_stored_once()
    {
        var signature = BatchSignature.OfBody("k", _key, Encoding.UTF8.GetBytes(Body)).ToString();
        Task<Answer> SendAsync(string key) => _host.SendAsync("POST", "/v2/samples", Body, ("Telemetry-Signature", signature), ("X-Roles", "admin"), ("Idempotency-Key", key));
        var first = await SendAsync("1");
        Assert.Equal(204, (await _host.SendAsync("DELETE", "/v2/keys/k", null)).Status);
        var head = await _host.Log.HeadAsync(TestContext.Current.CancellationToken);

        var again = await SendAsync("1");

        Assert.Equal((201, first.Text), (again.Status, again.Text));
        Assert.Equal(403, (await SendAsync("2")).Status);
        Assert.Equal(head, await _host.Log.HeadAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_source_may_demand_signatures()
    {
        await _host.DisposeAsync();
        await StartAsync(("Telemetry:Ingest:Signatures:Required:0", "rest"));

        Assert.Equal(403, (await _host.SendAsync("POST", "/v2/samples", Body, ("X-Roles", "admin"))).Status);
        Assert.Equal(201, (await PostAsync(Body, BatchSignature.OfBody("k", _key, Encoding.UTF8.GetBytes(Body)))).Status);
    }

    [Fact]
    public async Task A_source_that_there_is_not_stops_the_start() => Assert.Contains(
        "'smtp' is no source", (await Assert.ThrowsAsync<OptionsValidationException>(() => AuditHost.StartAsync(("Telemetry:Ingest:Signatures:Required:0", "smtp")))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task What_an_http_publisher_sends_is_signed_over_its_streams()
    {
        await _host.DisposeAsync();
        await StartAsync(("Telemetry:Ingest:Signatures:Required:0", "rest"));
        const string Published = """[{"id":"6e9c1ef0-3f3c-4a3f-8a5c-0f8a5a2f6f10","name":"net","type":"delta","unit":"MB","volume":1.5,"resource_id":"r","project_id":"p","user_id":"u","source":"s","timestamp":"2026-10-05T12:00:00","resource_metadata":{"a":1},"monotonic_time":null}]""";
        using var signer = new BatchSigner("k", P256.Read(_key.ExportPkcs8PrivateKeyPem()));
        var signature = signer.SignStreams(SampleInFlight.ToBatch(PublishedBody.ReadSamples(Encoding.UTF8.GetBytes(Published)))).ToString();

        Assert.Equal(403, (await _host.SendAsync("POST", "/v2/intake/samples", Published, ("X-Roles", "admin"))).Status);
        Assert.Equal(403, (await _host.SendAsync("POST", "/v2/intake/samples", Published.Replace("1.5", "2", StringComparison.Ordinal), ("X-Roles", "admin"), (BatchSignature.HeaderName, signature))).Status);
        Assert.Equal(204, (await _host.SendAsync("POST", "/v2/intake/samples", Published, ("X-Roles", "admin"), (BatchSignature.HeaderName, signature))).Status);
        Assert.Equal(1, await SignaturesAsync());
    }

    [Fact]
    public async Task A_key_is_replaced_by_the_next_without_a_gap_and_what_it_signed_stays_signed()
    {
        using var next = P256.Create();
        var body = Encoding.UTF8.GetBytes(Body);
        Assert.Equal(201, (await PostAsync(Body, BatchSignature.OfBody("k", _key, body))).Status);
        Assert.Equal(403, (await PostAsync(Body, BatchSignature.OfBody("k2", next, body))).Status); // not yet
        await RegisterAsync("k2", "p", next);
        Assert.Equal(201, (await PostAsync(Body, BatchSignature.OfBody("k2", next, body))).Status);
        Assert.Equal(201, (await PostAsync(Body, BatchSignature.OfBody("k", _key, body))).Status); // both, while senders change over
        Assert.Equal(204, (await _host.SendAsync("DELETE", "/v2/keys/k", null)).Status);
        Assert.Equal(403, (await PostAsync(Body, BatchSignature.OfBody("k", _key, body))).Status);
        Assert.Equal(201, (await PostAsync(Body, BatchSignature.OfBody("k2", next, body))).Status);

        Assert.Equal(4, await SignaturesAsync());
    }

    private async Task StartAsync(params (string Key, string Value)[] settings)
    {
        _host = await AuditHost.StartAsync(settings);
        foreach (var (id, project) in new[] { ("k", "p"), ("q-key", "q") })
            await RegisterAsync(id, project, _key);
    }

    private async Task RegisterAsync(string id, string project, ECDsa key) => Assert.Equal(
        201, (await _host.SendAsync("POST", "/v2/keys", JsonSerializer.Serialize(new { id, project_id = project, public_key = key.ExportSubjectPublicKeyInfoPem() }))).Status);

    private Task<Answer> PostAsync(string body, BatchSignature signature) =>
        _host.SendAsync("POST", "/v2/samples", body, (BatchSignature.HeaderName, signature.ToString()), ("X-Roles", "admin"));

    private async Task<long> SignaturesAsync()
    {
        var lines = (await _host.SendAsync("POST", "/v2/audit/verification", null)).Lines;
        var report = JsonElement.Parse(lines[^1]).GetProperty("report");
        Assert.Empty(report.GetProperty("faults").EnumerateArray());
        return report.GetProperty("signatures").GetInt64();
    }

    private static SampleBatch Batch(double volume) => new(
        [new("net", SampleType.Delta, "MB", "r", "p", "u", "s")], [UnixMicroseconds.From(new(2026, 10, 5, 12, 0, 0, TimeSpan.Zero))], [volume], [Metadata.Empty]);
}
