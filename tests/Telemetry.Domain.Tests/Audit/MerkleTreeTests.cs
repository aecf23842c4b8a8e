using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Tests.Audit;

/// <summary>Against the vectors of RFC 6962's first implementation (certificate-transparency, merkle_tree_test), and against brute force.</summary>
public sealed class MerkleTreeTests
{
    private static readonly string[] Leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void The_empty_tree_has_the_hash_of_nothing_as_its_root() =>
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Hex(new MerkleTree().Root()));

    [Fact]
    public void Roots_are_those_of_the_published_vectors()
    {
        var tree = new MerkleTree();
        for (var i = 0; i < Leaves.Length; i++)
        {
            tree.Append(MerkleTree.LeafHash(Convert.FromHexString(Leaves[i])));
            Assert.Equal(Roots[i], Hex(tree.Root()));
        }
    }

    [Fact]
    public void Inclusion_proofs_are_those_of_the_published_vectors()
    {
        var tree = new ListNodes(Leaves.Select(l => MerkleTree.LeafHash(Convert.FromHexString(l))));

        Assert.Equal(
            ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
            MerkleProof.Inclusion(5, 8, tree).Select(Hex));
        Assert.Equal([Roots[1]], MerkleProof.Inclusion(2, 3, tree).Select(Hex));
    }

    [Fact]
    public void Consistency_proofs_are_those_of_the_published_vectors()
    {
        var tree = new ListNodes(Leaves.Select(l => MerkleTree.LeafHash(Convert.FromHexString(l))));

        Assert.Equal(
            ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
            MerkleProof.Consistency(6, 8, tree).Select(Hex));
        Assert.Equal(
            ["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e", "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
            MerkleProof.Consistency(2, 5, tree).Select(Hex));
    }

    [Fact]
    public void Every_leaf_of_every_tree_proves_itself_at_its_place_only()
    {
        var leaves = Numbered(40);
        var nodes = new ListNodes(leaves);
        for (var size = 1; size <= 40; size++)
        {
            var root = MerkleTree.RootOf(leaves.Take(size));
            for (var i = 0; i < size; i++)
            {
                var path = MerkleProof.Inclusion(i, size, nodes);
                Assert.True(MerkleProof.VerifyInclusion(leaves[i], i, size, path, root));
                Assert.False(MerkleProof.VerifyInclusion(leaves[i], (i + 1) % size, size, path, root) && size > 1);
                Assert.False(MerkleProof.VerifyInclusion(leaves[39], i, size, path, root) && i != 39);
                Assert.False(MerkleProof.VerifyInclusion(leaves[i], i, size, [.. path, root], root));
                if (path.Count > 0)
                    Assert.False(MerkleProof.VerifyInclusion(leaves[i], i, size, [.. path.Skip(1)], root));
            }
        }
    }

    [Fact]
    public void Every_tree_proves_that_it_grew_from_every_smaller_one()
    {
        var leaves = Numbered(40);
        var nodes = new ListNodes(leaves);
        var roots = Enumerable.Range(0, 41).Select(n => MerkleTree.RootOf(leaves.Take(n))).ToArray();
        for (var second = 0; second <= 40; second++)
        {
            for (var first = 0; first <= second; first++)
            {
                var path = MerkleProof.Consistency(first, second, nodes);
                Assert.True(MerkleProof.VerifyConsistency(first, second, path, roots[first], roots[second]));
                Assert.False(MerkleProof.VerifyConsistency(first, second, path, roots[(first + 1) % 41], roots[second]));
                if (first > 0) // every tree grew from the empty one
                    Assert.False(MerkleProof.VerifyConsistency(first, second, path, roots[first], roots[(second + 1) % 41]));
                Assert.False(MerkleProof.VerifyConsistency(second + 1, second, path, roots[second], roots[second]));
            }
        }
    }

    [Fact]
    public void A_tree_goes_on_from_what_tiles_keep()
    {
        var leaves = Numbered(700);
        var nodes = new ListNodes(leaves);
        foreach (var size in new[] { 0, 1, 255, 256, 257, 511, 699 })
        {
            var tree = new MerkleTree(size, nodes);
            Assert.Equal(MerkleTree.RootOf(leaves.Take(size)), tree.Root());
            tree.Append(leaves[size]);
            Assert.Equal(MerkleTree.RootOf(leaves.Take(size + 1)), tree.Root());
        }
    }

    private static Digest[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => MerkleTree.LeafHash(BitConverter.GetBytes(i)))];

    private static string Hex(Digest digest) => Convert.ToHexStringLower(digest.ToArray());
}
