using System.Diagnostics;
using System.Text;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;

namespace Telemetry.Projections.Tests.Audit;

public sealed class ProverTests : IDisposable
{
    private readonly AuditedLog _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Every_sample_proves_itself_with_its_signer()
    {
        var (recorded, _) = await FillAsync();

        for (var i = 0; i < 3; i++)
        {
            var proof = EventProofJson.Read(EventProofJson.Write((await ProveAsync(recorded.Id.Sample(i)))!));
            var found = ProofChecker.Check(proof, _log.Audit.Verifier);

            Assert.Equal(((EventBody.Samples)recorded.Body).Batch.Volumes[i], found.Part.Samples!.Volumes[proof.Sample!.Value]);
            Assert.Equal(((EventBody.Samples)recorded.Body).Batch.StreamOf(i), found.Part.Stream);
            Assert.Equal("agent", found.Signer!.Id);
        }
    }

    [Fact]
    public async Task A_proof_of_one_projects_share_shows_nothing_of_the_others()
    {
        var (recorded, _) = await FillAsync();

        var proof = EventProofJson.Read(EventProofJson.Write((await ProveAsync(recorded.Id.Sample(1)))!));

        Assert.Equal(["q"], CanonicalSamples.Decode(proof.Event.Payload.Span).Series.Select(s => s.ProjectId));
        Assert.All(new[] { "samples-p-", "samples-r-" }, s => Assert.DoesNotContain(s, Encoding.UTF8.GetString([.. proof.Event.Payload.Span, .. proof.Event.Leaf.Span]), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_event_of_json_and_a_share_by_its_id_prove_themselves()
    {
        var (recorded, alarm) = await FillAsync();

        Assert.Equal("alarm-1", ProofChecker.Check((await ProveAsync(alarm.Id.Value))!, _log.Audit.Verifier).Part.Stream.ToString());
        Assert.Null((await ProveAsync(recorded.Id.Share(0)))!.Sample); // a share as a whole, not its first sample
        Assert.Equal(recorded.Streams[2].Stream, ProofChecker.Check((await ProveAsync(recorded.Id.Share(2)))!, _log.Audit.Verifier).Part.Stream);
    }

    [Fact]
    public async Task What_a_caller_may_not_see_is_not_proved_to_it()
    {
        var (recorded, _) = await FillAsync();

        Assert.Null(await ProveAsync(recorded.Id.Sample(1), isVisible: s => s.ToString().StartsWith("samples-p-", StringComparison.Ordinal)));
        Assert.NotNull(await ProveAsync(recorded.Id.Sample(0), isVisible: s => s.ToString().StartsWith("samples-p-", StringComparison.Ordinal)));
        Assert.Null(await ProveAsync(Guid.NewGuid()));
    }

    [Fact]
    public async Task A_proof_with_anything_changed_proves_nothing()
    {
        var (recorded, _) = await FillAsync();
        var proof = (await ProveAsync(recorded.Id.Sample(1)))!;
        using var other = new NoteSigner("telemetry.example/log", P256.Create());
        EventProof[] changed =
        [
            proof with { Checkpoint = new(proof.Checkpoint.Text.Replace("log\n", "log2\n", StringComparison.Ordinal), proof.Checkpoint.Signatures) },
            proof with { Checkpoint = other.Sign(proof.Checkpoint.Text) },
            proof with { Event = proof.Event with { Index = proof.Event.Index + 1 } },
            proof with { Event = proof.Event with { Leaf = Flip(proof.Event.Leaf) } },
            proof with { Event = proof.Event with { Payload = Flip(proof.Event.Payload) } },
            proof with { Event = proof.Event with { Path = [.. proof.Event.Path.Skip(1)] } },
            proof with { Sample = 1 },
            proof with { Event = proof.Event with { Part = 0 } },
            proof with { Event = proof.Event with { Part = 3 } },
            proof with { Event = proof.Event with { Part = -1 } },
            proof with { Signature = proof.Signature! with { Key = proof.Event } },
            proof with { Signature = proof.Signature! with { Key = proof.Signature.Key with { Payload = default } } },
            proof with { Signature = proof.Signature! with { Key = proof.Signature.Key with { Payload = proof.Event.Payload } } },
        ];

        Assert.All(changed, c => Assert.Throws<ProofException>(() => ProofChecker.Check(c, _log.Audit.Verifier)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"proof":"telemetry/proof/v2"}""")]
    [InlineData("""{"proof":"telemetry/proof/v1","checkpoint":"x"}""")]
    [InlineData("""{"proof":"telemetry/proof/v1","checkpoint":"x\n\n— a AAAAAAA=\n","event":{"index":0,"leaf":"!","path":[]}}""")]
    [InlineData("""{"proof":"telemetry/proof/v1","checkpoint":"x\n\n— a AAAAAAA=\n","event":{"index":0,"leaf":"","path":["AA=="]}}""")]
    public void What_is_no_proof_is_refused(string json) => Assert.Throws<ProofException>(() => EventProofJson.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public async Task The_independent_verifier_agrees()
    {
        Assert.SkipUnless(HasPython() || Environment.GetEnvironmentVariable("CI") == "true", "python3 is not installed");
        var (recorded, alarm) = await FillAsync();
        using var directory = new TemporaryDirectory();
        var key = Path.Combine(directory.Path, "log.key");
        await File.WriteAllTextAsync(key, $"{_log.Audit.Verifier}\n", TestContext.Current.CancellationToken);
        var sample = (await ProveAsync(recorded.Id.Sample(1)))!;

        var (code, output) = await PythonAsync(EventProofJson.Write(sample), directory, key);
        Assert.True(code == 0, output);
        Assert.Contains("proved: signed by key agent", output, StringComparison.Ordinal);
        Assert.Contains("\"project_id\": \"q\"", output, StringComparison.Ordinal);
        Assert.Equal(0, (await PythonAsync(EventProofJson.Write((await ProveAsync(alarm.Id.Value))!), directory, key)).Code);

        using var older = new NoteSigner("telemetry.example/log", P256.Create());
        var olderKey = Path.Combine(directory.Path, "older.key");
        await File.WriteAllTextAsync(olderKey, $"{older.Verifier}\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await PythonAsync(EventProofJson.Write(sample with { Checkpoint = older.Sign(sample.Checkpoint.Text) }), directory, olderKey)).Code);

        foreach (var wrong in new[]
        {
            sample with { Event = sample.Event with { Leaf = Flip(sample.Event.Leaf) } },
            sample with { Event = sample.Event with { Payload = Flip(sample.Event.Payload) } },
            sample with { Event = sample.Event with { Part = 0 } },
            sample with { Signature = sample.Signature! with { Key = sample.Event } },
            sample with { Checkpoint = older.Sign(sample.Checkpoint.Text) },
            sample with { Checkpoint = new(sample.Checkpoint.Text.Replace("log\n", "log2\n", StringComparison.Ordinal), sample.Checkpoint.Signatures) },
        })
        {
            (code, output) = await PythonAsync(EventProofJson.Write(wrong), directory, key);
            Assert.Equal(1, code);
            Assert.Contains("not proved: ", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_independent_verifier_is_short_enough_to_be_read_and_needs_nothing_but_Python()
    {
        var lines = await File.ReadAllLinesAsync(Verifier(), TestContext.Current.CancellationToken);
        string[] standard = ["argparse", "base64", "hashlib", "json", "struct", "sys"];

        Assert.InRange(lines.Length, 1, 200);
        var imported = lines.Where(l => l.StartsWith("import ", StringComparison.Ordinal) || l.StartsWith("from ", StringComparison.Ordinal))
            .SelectMany(l => l.StartsWith("from ", StringComparison.Ordinal) ? [l.Split(' ')[1]] : l["import ".Length..].Split(',', StringSplitOptions.TrimEntries));
        Assert.Subset(standard.ToHashSet(), imported.ToHashSet());
    }

    private Task<EventProof?> ProveAsync(Guid id, Func<StreamName, bool>? isVisible = null) =>
        new Prover(_log.Log, _log.Audit).ProveAsync(id.ToString(), null, isVisible, TestContext.Current.CancellationToken);

    /// <summary>A log with a signed batch over three projects in the middle.</summary>
    private async Task<(RecordedEvent Signed, RecordedEvent Alarm)> FillAsync()
    {
        using var key = P256.Create();
        await _log.AppendAsync(SigningKeyEvents.Store(new SigningKeyEvent.KeyRegistered("agent", null, key.ExportSubjectPublicKeyInfo(), null, default), EventId.FromName("key"u8), 0));
        for (var i = 0; i < 30; i++)
            await _log.RecordAsync(["p", "q"]);
        var alarm = await _log.ChangeAlarmAsync("1");
        var signed = await _log.RecordAsync(["p", "q", "r"], b => BatchSignature.OfStreams("agent", key, b));
        for (var i = 0; i < 30; i++)
            await _log.RecordAsync(["p"]);
        return (signed, alarm);
    }

    private static byte[] Flip(ReadOnlyMemory<byte> bytes)
    {
        var flipped = bytes.ToArray();
        flipped[flipped.Length / 2] ^= 1;
        return flipped;
    }

    private static bool HasPython() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, "python3")));

    private static string Verifier()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Telemetry.sln")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("Telemetry.sln is in no folder above the tests.");
        return Path.Combine(root, "docs", "verify_proof.py");
    }

    private static async Task<(int Code, string Output)> PythonAsync(byte[] proof, TemporaryDirectory directory, string key)
    {
        var file = Path.Combine(directory.Path, "proof.json");
        await File.WriteAllBytesAsync(file, proof);
        using var python = Process.Start(new ProcessStartInfo("python3", [Verifier(), file, "--key", key]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var (output, error) = (python.StandardOutput.ReadToEndAsync(), python.StandardError.ReadToEndAsync());
        await python.WaitForExitAsync();
        return (python.ExitCode, await output + await error);
    }
}
