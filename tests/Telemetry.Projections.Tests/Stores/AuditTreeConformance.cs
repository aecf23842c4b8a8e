using Telemetry.Domain.Audit;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Tests.Audit;

namespace Telemetry.Projections.Tests.Stores;

/// <summary>What every store does with the audit log's tree.</summary>
public abstract class AuditTreeConformance
{
    private protected abstract Task<StorePlace> PlaceAsync();

    [Fact]
    public async Task Checkpoints_are_kept_by_size_and_take_cosignatures_and_outlive_the_read_models()
    {
        await using var place = await PlaceAsync();
        var signer = new NoteSigner("log", P256.Create());
        KeptCheckpoint Signed(long size) => new(size, 2 * size, signer.Sign(new Checkpoint("log", size, MerkleTree.EmptyRoot).ToString()));
        using (var checkpoints = place.OpenCheckpoints())
        {
            Assert.Null(checkpoints.Latest());
            foreach (var size in new long[] { 3, 10, 7 })
                checkpoints.Keep(Signed(size));
            var cosigned = checkpoints.Find(7)! with { Note = checkpoints.Find(7)!.Note.With(new NoteSigner("witness", P256.Create()).Sign("x\n").Signatures[0]) };
            Assert.Equal(2, checkpoints.Keep(cosigned).Note.Signatures.Count);
            using (place.Open())
            {
            }
            await place.DeleteAsync();
        }

        using var again = place.OpenCheckpoints();
        Assert.Equal([(3L, 6L, 1), (7, 14, 2), (10, 20, 1)], again.All().Select(c => (c.Size, c.Position, c.Note.Signatures.Count)));
        Assert.Equal(10, again.Latest()!.Size);
        Assert.Null(again.Find(4));
        Assert.Equal([3L, 3, 7, 7, 10, null], new long[] { 0, 6, 7, 14, 20, 21 }.Select(p => again.Covering(p)?.Size));
    }

    [Fact]
    public async Task The_tree_is_that_of_the_logs_leaves_through_flushes_restarts_and_rebuilds()
    {
        await using var place = await PlaceAsync();
        using var log = new AuditedLog(place);
        var leaves = new List<Digest>();
        for (var i = 0; i < 400; i++)
        {
            var recorded = i % 3 == 0 ? await log.ChangeAlarmAsync("a") : await log.RecordAsync(["p", "q"]);
            leaves.Add(CanonicalEvent.Of(recorded).LeafHash());
            if (i % 37 == 0)
                log.Tree.Flush();
            if (i is 100 or 250)
                log.Restart();
        }
        var root = MerkleTree.RootOf(leaves);

        Assert.Equal(leaves.Count, log.Tree.Size);
        Assert.Equal(root, MerkleProof.RootOf(0, leaves.Count, log.Tree.Nodes));

        using var rebuild = log.Tree.BeginRebuild();
        await foreach (var recorded in log.Log.ReadAllAsync(ct: TestContext.Current.CancellationToken))
            rebuild.Apply(recorded);
        rebuild.Complete();
        await rebuild.DropReplacedAsync();
        Assert.Equal(root, MerkleProof.RootOf(0, log.Tree.Size, log.Tree.Nodes));
        log.Restart();
        Assert.Equal(root, MerkleProof.RootOf(0, log.Tree.Size, log.Tree.Nodes));
    }

    [Fact]
    public async Task Every_event_finds_its_leaf_whether_it_is_stored_or_not()
    {
        await using var place = await PlaceAsync();
        using var log = new AuditedLog(place);
        var first = new Dictionary<long, long>();
        for (var i = 0; i < 300; i++)
        {
            if (i == 200)
                log.Restart();
            var before = log.Tree.Size;
            first[(await log.RecordAsync(i % 2 == 0 ? ["p"] : ["p", "q", "r"])).Position] = before;
        }

        Assert.All(first, f => Assert.Equal(f.Value, log.Tree.LeafOf(f.Key)));
        Assert.All(first, f => Assert.Equal(f.Key, log.Tree.PositionOf(f.Value)));
        Assert.Null(log.Tree.LeafOf(301));
        Assert.Null(log.Tree.PositionOf(300));
    }

    [Fact]
    public async Task What_was_not_flushed_is_applied_again_to_the_same_tree()
    {
        await using var place = await PlaceAsync();
        using var log = new AuditedLog(place);
        for (var i = 0; i < 300; i++)
            await log.RecordAsync(["p"]);
        log.Tree.Flush();
        var flushed = log.Tree.Position;
        for (var i = 0; i < 300; i++)
            await log.RecordAsync(["p"]);
        var root = MerkleProof.RootOf(0, 600, log.Tree.Nodes);

        log.Tree.Load(); // forgets what was not stored

        Assert.Equal(flushed, log.Tree.Position);
        await log.ChangeAlarmAsync("a"); // which catches up
        Assert.Equal(root, MerkleProof.RootOf(0, 600, log.Tree.Nodes));
    }
}
