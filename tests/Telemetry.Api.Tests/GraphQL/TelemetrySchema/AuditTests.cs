using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>Proofs over GraphQL, checked with nothing but what the answers say and the published key.</summary>
public sealed class AuditTests
{
    private const string Head = "treeSize rootHash at signature";

    private static readonly (string, string)[] OfP2 = [("X-Roles", "member"), ("X-Project-Id", "p2"), ("X-User-Id", "u2")];

    private static Digest Hash(JsonNode? hex) => new(Convert.FromHexString(hex!.GetValue<string>()));

    private static List<Digest> Path(JsonNode proof) => [.. proof["path"]!.AsArray().Select(Hash)];

    private static long Size(JsonNode head) => head["treeSize"]!.GetValue<long>();

    private static async Task<string> SampleAsync(TelemetryHost host, string id, string project)
    {
        await host.RecordAsync(TelemetryHost.Sample("cpu", 1, "2026-03-30T10:00:00", $"r-{id}", project, id: id));
        var log = host.Services.GetRequiredService<IEventStore>();
        Assert.True(await host.Services.GetRequiredService<IProjectionProgress>()
            .WaitForAsync(await log.HeadAsync(TestContext.Current.CancellationToken), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        return id;
    }

    private static async Task<JsonNode> ProvenanceAsync(TelemetryHost host, string project) =>
        (await host.AskAsync($"{{ stream(name: \"samples-{project}-2026-03\") {{ events {{ id hash }} }} }}", null, TelemetryHost.Admin))["stream"]!["events"]![0]!;

    [Fact]
    public async Task The_head_is_the_checkpoint_that_REST_gives_and_the_key_signed_it()
    {
        await using var host = await TelemetryHost.StartAsync();
        await SampleAsync(host, "s1", "p1");

        var head = (await host.AskAsync($"{{ auditHead {{ {Head} }} }}", null, OfP2))["auditHead"]!;

        var note = (await host.SendAsync("GET", "/v2/audit/checkpoint", null)).Text;
        Assert.Equal(note, head["signature"]!.GetValue<string>());
        var signed = SignedNote.Parse(note);
        Assert.NotEmpty(signed.Verify([NoteVerifier.Parse((await host.SendAsync("GET", "/v2/audit/key", null)).Text)]));
        var checkpoint = Checkpoint.Parse(signed.Text);
        Assert.Equal((checkpoint.Size, checkpoint.Root), (Size(head), Hash(head["rootHash"])));
        Assert.Equal("2026-03-31T12:00:00Z", head["at"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_event_is_proved_to_be_in_the_tree_to_those_who_may_see_it()
    {
        await using var host = await TelemetryHost.StartAsync();
        foreach (var (id, project) in new[] { ("s1", "p1"), ("s2", "p2"), ("s3", "p1") })
            await SampleAsync(host, id, project);
        var own = await ProvenanceAsync(host, "p2");
        var foreign = await ProvenanceAsync(host, "p1");
        string Proof(JsonNode e, string more = "") => $"auditProof(entry: {e["id"]!.ToJsonString()}{more}) {{ leafIndex leafHash path head {{ {Head} }} }}";

        var proof = (await host.AskAsync($"{{ {Proof(own)} }}", null, OfP2))["auditProof"]!;
        Assert.Equal(own["hash"]!.GetValue<string>(), proof["leafHash"]!.GetValue<string>());
        Assert.True(MerkleProof.VerifyInclusion(
            Hash(proof["leafHash"]), proof["leafIndex"]!.GetValue<long>(), Size(proof["head"]!), Path(proof), Hash(proof["head"]!["rootHash"])));

        Assert.Null((await host.AskAsync($"{{ {Proof(foreign)} }}", null, OfP2))["auditProof"]);
        Assert.NotNull((await host.AskAsync($"{{ {Proof(foreign)} }}", null, TelemetryHost.Admin))["auditProof"]);
        Assert.Null((await host.AskAsync("{ auditProof(entry: \"00000000-0000-0000-0000-000000000000\") { leafIndex } }", null, TelemetryHost.Admin))["auditProof"]);
        Assert.Null((await host.AskAsync("{ auditProof(entry: \"x\") { leafIndex } }", null, TelemetryHost.Admin))["auditProof"]);
        await RefusedAsync(host, $"{{ {Proof(own, ", treeSize: 999")} }}", "No checkpoint was signed for a tree of size 999.");
    }

    [Fact]
    public async Task The_log_is_proved_to_have_grown_and_an_older_tree_still_has_what_it_had()
    {
        await using var host = await TelemetryHost.StartAsync();
        await SampleAsync(host, "s1", "p1");
        var before = (await host.AskAsync($"{{ auditHead {{ {Head} }} }}"))["auditHead"]!;
        await SampleAsync(host, "s2", "p2");
        Assert.Equal(200, (await host.SendAsync("POST", "/v2/audit/checkpoint", null, TelemetryHost.Admin)).Status);
        var after = (await host.AskAsync($"{{ auditHead {{ {Head} }} }}"))["auditHead"]!;
        Assert.True(Size(after) > Size(before));

        var proof = (await host.AskAsync(
            $"{{ auditConsistency(from: {Size(before)}, to: {Size(after)}) {{ from {{ {Head} }} to {{ {Head} }} path }} }}", null, OfP2))["auditConsistency"]!;

        Assert.Equal((before.ToJsonString(), after.ToJsonString()), (proof["from"]!.ToJsonString(), proof["to"]!.ToJsonString()));
        Assert.True(MerkleProof.VerifyConsistency(Size(before), Size(after), Path(proof), Hash(before["rootHash"]), Hash(after["rootHash"])));
        var old = (await host.AskAsync(
            $"{{ auditProof(entry: {(await ProvenanceAsync(host, "p1"))["id"]!.ToJsonString()}, treeSize: {Size(before)}) {{ leafIndex leafHash path head {{ {Head} }} }} }}", null, TelemetryHost.Admin))["auditProof"]!;
        Assert.True(MerkleProof.VerifyInclusion(Hash(old["leafHash"]), old["leafIndex"]!.GetValue<long>(), Size(before), Path(old), Hash(before["rootHash"])));
        await RefusedAsync(host, "{ auditConsistency(from: 2, to: 1) { path } }", "\"from\" is at most \"to\", not 2 of 1.");
        await RefusedAsync(
            host, $"{{ auditProof(entry: {(await ProvenanceAsync(host, "p2"))["id"]!.ToJsonString()}, treeSize: {Size(before)}) {{ leafIndex }} }}", $"which the tree of size {Size(before)} does not have");
    }

    private static async Task RefusedAsync(TelemetryHost host, string query, string message)
    {
        var error = Assert.Single((await host.PostAsync(query, null, TelemetryHost.Admin))["errors"]!.AsArray())!;
        Assert.Equal("BAD_USER_INPUT", error["extensions"]!["code"]!.GetValue<string>());
        Assert.Contains(message, error["message"]!.GetValue<string>());
    }
}
