using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Tests.Audit;

public sealed class TileTests
{
    [Theory]
    [InlineData(0, 1234067, 256, "0/x001/x234/067")] // the example of C2SP tlog-tiles
    [InlineData(0, 0, 8, "0/000.p/8")]
    [InlineData(2, 999, 256, "2/999")]
    [InlineData(1, 1000, 17, "1/x001/000.p/17")]
    public void A_tile_has_the_published_path(int level, long index, int width, string path)
    {
        Assert.Equal(path, new Tile(level, index, width).Path);
        Assert.Equal(new Tile(level, index, width), Tile.Parse(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0/1")]
    [InlineData("8/000")]
    [InlineData("00/000")]
    [InlineData("0/001/234")]
    [InlineData("0/x000/001")]
    [InlineData("0/000.p/0")]
    [InlineData("0/000.p/256")]
    [InlineData("0/000.p/08")]
    [InlineData("-1/000")]
    [InlineData("0/+01")]
    public void A_path_of_another_form_is_none(string path) => Assert.Null(Tile.Parse(path));

    [Fact]
    public void A_tree_of_70000_has_the_tiles_of_the_published_example()
    {
        Assert.Equal([256, 112, 0], new[] { 272, 273, 274 }.Select(i => Tile.WidthAt(0, i, 70_000)));
        Assert.Equal([256, 17, 0], new[] { 0, 1, 2 }.Select(i => Tile.WidthAt(1, i, 70_000)));
        Assert.Equal([1, 0], new[] { 0, 1 }.Select(i => Tile.WidthAt(2, i, 70_000)));
    }

    [Fact]
    public void Nodes_read_out_of_tiles_are_those_of_the_tree()
    {
        var leaves = Enumerable.Range(0, 600).Select(i => MerkleTree.LeafHash(BitConverter.GetBytes(i))).ToArray();
        var nodes = new ListNodes(leaves);
        var tiles = new TileNodes((level, index) => Enumerable.Range(0, Tile.WidthAt(level, index, 600))
            .SelectMany(i => nodes.Read(8 * level, (256 * index) + i).ToArray()).ToArray());

        Assert.Equal(nodes.Read(0, 599), tiles.Read(0, 599));
        Assert.Equal(nodes.Read(3, 74), tiles.Read(3, 74));
        Assert.Equal(nodes.Read(8, 1), tiles.Read(8, 1));
        Assert.Equal(nodes.Read(9, 0), tiles.Read(9, 0));
        Assert.Throws<InvalidDataException>(() => tiles.Read(8, 2));
        Assert.Equal(MerkleTree.RootOf(leaves), MerkleProof.RootOf(0, 600, tiles));
    }
}
