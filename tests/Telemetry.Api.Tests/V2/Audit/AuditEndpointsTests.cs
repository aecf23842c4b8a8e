using System.Buffers.Binary;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;

namespace Telemetry.Api.Tests.V2.Audit;

public sealed class AuditEndpointsTests : IAsyncLifetime
{
    private static readonly (string, string) OfP = ("X-Project-Id", "p");
    private AuditHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await AuditHost.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await _host.RecordAsync("p", i);
            await _host.RecordAsync("q", i);
        }
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_sample_that_was_posted_is_proved_by_its_id_and_the_published_key()
    {
        var id = await _host.RecordAsync("p", 42);
        var key = NoteVerifier.Parse((await _host.GetAsync("/v2/audit/key")).Text);

        var answer = await _host.GetAsync($"/v2/audit/proof?event={id}", OfP);

        var found = ProofChecker.Check(EventProofJson.Read(answer.Bytes), key);
        Assert.Equal(42, Assert.Single(found.Part.Samples!.Volumes));
        Assert.Equal("samples-p-2026-10", found.Part.Stream.ToString());
    }

    [Fact]
    public async Task Another_projects_sample_is_not_there_for_a_limited_caller()
    {
        var id = await _host.RecordAsync("q", 42);

        Assert.Equal(404, (await _host.GetAsync($"/v2/audit/proof?event={id}", OfP)).Status);
        Assert.Equal(404, (await _host.GetAsync($"/v2/audit/proof?event={id}&stream=samples-q-2026-10", OfP)).Status);
        Assert.Equal(200, (await _host.GetAsync($"/v2/audit/proof?event={id}")).Status);
    }

    [Fact]
    public async Task A_sample_is_proved_by_the_id_that_its_sender_gave_to_who_may_see_it()
    {
        foreach (var (project, volume) in new[] { ("q", 7), ("p", 42) })
        {
            var body = $$"""[{"counter_name":"a","counter_type":"gauge","counter_unit":"u","counter_volume":1,"resource_id":"r","project_id":"x"},{"counter_name":"net","counter_type":"gauge","counter_unit":"u","counter_volume":{{volume}},"resource_id":"r","project_id":"{{project}}","message_id":"sent by both"}]""";
            Assert.Equal(201, (await _host.SendAsync("POST", "/v2/samples", body, ("X-Roles", "admin"))).Status);
        }
        var key = NoteVerifier.Parse((await _host.GetAsync("/v2/audit/key")).Text);
        async Task<double> ProvedAsync(params (string, string)[] caller)
        {
            var proof = EventProofJson.Read((await _host.GetAsync("/v2/audit/proof?event=sent%20by%20both", caller)).Bytes);
            return ProofChecker.Check(proof, key).Part.Samples!.Volumes[proof.Sample!.Value];
        }

        Assert.Equal(42, await ProvedAsync(OfP));
        Assert.Equal(7, await ProvedAsync()); // the first
        Assert.Equal(404, (await _host.GetAsync("/v2/audit/proof?event=sent%20by%20both", ("X-Project-Id", "none"))).Status);
        Assert.Equal(404, (await _host.GetAsync("/v2/audit/proof?event=sent%20by%20none")).Status);
    }

    [Theory]
    [InlineData("/v2/audit/proof", "Missing argument: \\\"event\\\"")]
    [InlineData("/v2/audit/proof?event=00000000-0000-0000-0000-000000000000&stream=x", "Value: 'x'. It is no stream's name.")]
    [InlineData("/v2/audit/proof?even=1", "Unknown argument")]
    [InlineData("/v2/audit/consistency", "Missing argument: \\\"from\\\"")]
    [InlineData("/v2/audit/consistency?from=1&to=7", "Value: '7'. The tree has 6 leaves.")]
    [InlineData("/v2/audit/consistency?from=3&to=2", "Value: '3'.")]
    [InlineData("/v2/audit/consistency?from=-1&to=2", "Value: '-1'.")]
    public async Task What_cannot_be_answered_is_refused_by_name_and_value(string path, string problem)
    {
        var answer = await _host.GetAsync(path);

        Assert.Equal(400, answer.Status);
        Assert.Contains(problem, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkpoints_grow_and_the_growth_is_proved()
    {
        var first = Checkpoint.Parse(SignedNote.Parse((await _host.SendAsync("POST", "/v2/audit/checkpoint", null, ("X-Roles", "admin"))).Text).Text);
        await _host.RecordAsync("p", 9);
        var second = Checkpoint.Parse(SignedNote.Parse((await _host.SendAsync("POST", "/v2/audit/checkpoint", null, ("X-Roles", "admin"))).Text).Text);

        var json = (await _host.GetAsync($"/v2/audit/consistency?from={first.Size}&to={second.Size}")).Json;
        var path = json.GetProperty("path").EnumerateArray().Select(n => Digest.Parse(n.GetString()!)!.Value).ToList();

        Assert.Equal((6L, 7L), (first.Size, second.Size));
        Assert.True(MerkleProof.VerifyConsistency(first.Size, second.Size, path, first.Root, second.Root));
        Assert.Equal(second.ToString(), SignedNote.Parse((await _host.GetAsync("/v2/audit/checkpoint", OfP)).Text).Text);
    }

    [Fact]
    public async Task Tiles_and_entries_give_the_checkpoints_root()
    {
        var checkpoint = Checkpoint.Parse(SignedNote.Parse((await _host.GetAsync("/v2/audit/checkpoint")).Text).Text);
        var tile = (await _host.GetAsync("/v2/audit/tile/0/000.p/6", OfP)).Bytes;
        var entries = (await _host.GetAsync("/v2/audit/tile/entries/000.p/6")).Bytes;
        var leaves = new List<Digest>();
        for (var at = 0; at < entries.Length;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(entries.AsSpan(at));
            leaves.Add(MerkleTree.LeafHash(entries.AsSpan(at + 2, length)));
            at += 2 + length;
        }

        Assert.Equal(checkpoint.Root, MerkleTree.RootOf(tile.Chunk(Digest.Length).Select(n => new Digest(n))));
        Assert.Equal(checkpoint.Root, MerkleTree.RootOf(leaves));
        Assert.Equal(404, (await _host.GetAsync("/v2/audit/tile/0/000")).Status);
        Assert.Equal(404, (await _host.GetAsync("/v2/audit/tile/0/000.p/7")).Status);
        Assert.Equal(404, (await _host.GetAsync("/v2/audit/tile/0/x")).Status);
        Assert.Equal(403, (await _host.GetAsync("/v2/audit/tile/entries/000.p/6", OfP)).Status);
    }

    [Fact]
    public async Task A_walk_over_the_log_reports_at_its_end()
    {
        var answer = await _host.SendAsync("POST", "/v2/audit/verification", null, ("X-Roles", "admin"));

        var report = System.Text.Json.JsonElement.Parse(answer.Lines[^1]).GetProperty("report");
        Assert.Equal(6, report.GetProperty("leaves").GetInt64());
        Assert.Empty(report.GetProperty("faults").EnumerateArray());
        Assert.Equal(403, (await _host.SendAsync("POST", "/v2/audit/verification", null, OfP)).Status);
    }

    [Fact]
    public async Task Only_a_known_witness_cosigns()
    {
        using var witness = new Witness("w.example");
        await using var host = await AuditHost.StartAsync(("Telemetry:Audit:Witnesses:0", witness.VerifierKey), ("Telemetry:Audit:Origin", "telemetry.example/log"));
        await host.RecordAsync("p", 1);
        var note = SignedNote.Parse((await host.GetAsync("/v2/audit/checkpoint")).Text);

        var cosigned = await host.SendAsync("POST", "/v2/audit/cosignature", note.With(witness.Cosign(note.Text, DateTimeOffset.UnixEpoch)).ToString());

        Assert.StartsWith("telemetry.example/log\n1\n", note.Text, StringComparison.Ordinal);
        Assert.Equal(200, cosigned.Status);
        Assert.Equal(2, SignedNote.Parse((await host.GetAsync("/v2/audit/checkpoint")).Text).Signatures.Count);
        Assert.Equal(400, (await host.SendAsync("POST", "/v2/audit/cosignature", note.ToString())).Status);
        Assert.Equal(400, (await host.SendAsync("POST", "/v2/audit/cosignature", "x")).Status);
        Assert.Equal(413, (await host.SendAsync("POST", "/v2/audit/cosignature", new string('x', 70_000))).Status);
    }

    [Fact]
    public async Task Keys_are_registered_listed_and_revoked_by_admins_alone()
    {
        using var key = P256.Create();
        var body = System.Text.Json.JsonSerializer.Serialize(new { id = "agent-1", project_id = "p", public_key = key.ExportSubjectPublicKeyInfoPem(), description = "rack 1" });

        Assert.Equal(403, (await _host.SendAsync("POST", "/v2/keys", body, OfP)).Status);
        Assert.Equal(201, (await _host.SendAsync("POST", "/v2/keys", body)).Status);
        Assert.Equal(201, (await _host.SendAsync("POST", "/v2/keys", body)).Status);
        Assert.Equal("active", Assert.Single((await _host.GetAsync("/v2/keys")).Json.EnumerateArray()).GetProperty("state").GetString());
        Assert.Equal(204, (await _host.SendAsync("DELETE", "/v2/keys/agent-1?reason=stolen", null)).Status);
        Assert.Equal("stolen", (await _host.GetAsync("/v2/keys/agent-1")).Json.GetProperty("reason").GetString());
        Assert.Equal(409, (await _host.SendAsync("POST", "/v2/keys", body)).Status);
        Assert.Equal(404, (await _host.SendAsync("DELETE", "/v2/keys/agent-2", null)).Status);
        Assert.Equal(400, (await _host.SendAsync("POST", "/v2/keys", """{"public_key":"x"}""")).Status);
        Assert.Equal(400, (await _host.SendAsync("POST", "/v2/keys", "{}")).Status);
        Assert.Equal(400, (await _host.SendAsync("POST", "/v2/keys", System.Text.Json.JsonSerializer.Serialize(new { public_key = key.ExportPkcs8PrivateKeyPem() }))).Status);
    }
}
