using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Leases;
using Telemetry.Projections.Audit;

namespace Telemetry.Projections.Tests.Audit;

public sealed class AuditLogTests
{
    [Fact]
    public async Task A_tree_that_has_grown_gets_a_checkpoint_every_so_often()
    {
        using var log = new AuditedLog();
        var time = new ManualTime();
        using var publisher = new CheckpointPublisher(log.Audit, new AllLeases(), new() { CheckpointIntervalSeconds = 60 }, time, NullLogger<CheckpointPublisher>.Instance);
        await publisher.StartAsync(TestContext.Current.CancellationToken);
        await time.NextTimerAsync();
        await log.RecordAsync(["p"]);

        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Null(log.Audit.Latest());
        await UntilAsync(1);
        time.Advance(TimeSpan.FromSeconds(60)); // nothing new
        await log.RecordAsync(["p"]);
        await UntilAsync(2);

        Assert.Equal([1L, 2], log.Audit.Checkpoints().Select(c => c.Size));
        await publisher.StopAsync(TestContext.Current.CancellationToken);

        Task UntilAsync(long size) => Poll.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return log.Audit.Latest()?.Size == size;
        });
    }

    [Fact]
    public async Task Checkpoints_are_signed_and_consistent_with_each_other()
    {
        using var log = new AuditedLog();
        await log.RecordAsync(["p", "q"]);
        var first = log.Audit.Publish();
        await log.RecordAsync(["p"]);
        var second = log.Audit.Publish();

        Assert.Equal([1L, 2L], log.Audit.Checkpoints().Select(c => c.Size));
        Assert.Equal([1L, 2L], log.Audit.Checkpoints().Select(c => c.Position));
        Assert.Single(second.Note.Verify(log.Audit.Verifier));
        Assert.True(MerkleProof.VerifyConsistency(1, 2, MerkleProof.Consistency(1, 2, log.Tree.Nodes), first.Checkpoint.Root, second.Checkpoint.Root));
    }

    [Fact]
    public void An_empty_log_has_a_checkpoint_too()
    {
        using var log = new AuditedLog();

        Assert.Equal(MerkleTree.EmptyRoot, log.Audit.Publish().Checkpoint.Root);
    }

    [Fact]
    public async Task A_tree_that_has_not_grown_keeps_its_checkpoint()
    {
        using var log = new AuditedLog();
        await log.RecordAsync(["p"]);

        Assert.Equal(log.Audit.Publish().Note.ToString(), log.Audit.Publish().Note.ToString());
        Assert.Single(log.Audit.Checkpoints());
    }

    [Fact]
    public async Task A_tree_that_does_not_follow_from_the_last_checkpoint_is_not_signed()
    {
        using var log = new AuditedLog();
        await log.RecordAsync(["p"]);
        await log.RecordAsync(["p"]);
        log.Audit.Publish();

        log.Tree.Reset();
        Assert.Contains("rolled back", Assert.Throws<AuditException>(() => log.Audit.Publish()).Message, StringComparison.Ordinal);

        var events = await log.EventsAsync();
        log.Tree.Apply(events[1] with { Position = 1 });
        log.Tree.Apply(events[0] with { Position = 2 });
        Assert.Contains("first 2 leaves", Assert.Throws<AuditException>(() => log.Audit.Publish()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_known_witnesses_cosign_and_only_checkpoints_that_were_signed_here()
    {
        using var witness = new Witness("witness.example/w");
        using var stranger = new Witness("stranger.example");
        var at = new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
        var verifier = NoteVerifier.Parse(witness.VerifierKey);
        using var log = new AuditedLog(verifier);
        await log.RecordAsync(["p"]);
        var note = log.Audit.Publish().Note;

        var cosigned = log.Audit.Cosign(note.With(witness.Cosign(note.Text, at)));

        Assert.Equal(at, verifier.SignedAt(Assert.Single(cosigned.Note.Verify(verifier))));
        Assert.Equal(2, cosigned.Note.Signatures.Count);
        Assert.Equal(cosigned.Note.ToString(), log.Audit.Latest()!.Note.ToString());
        Assert.Single(cosigned.Note.Verify(log.Audit.Verifier));
        Assert.Throws<AuditException>(() => log.Audit.Cosign(note.With(stranger.Cosign(note.Text, at))));
        foreach (var other in new[] { note.Text.Replace("\n1\n", "\n2\n", StringComparison.Ordinal), "nothing\n" })
            Assert.Throws<AuditException>(() => log.Audit.Cosign(new(other, [witness.Cosign(other, at)])));
    }
}
