using System.Text;
using Telemetry.Ingest.EventStores.Sqlite;

namespace Telemetry.Ingest.Tests.EventStores;

public sealed class PackedJsonTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(20, false)]
    [InlineData(2_000, true)]
    [InlineData(1_000_000, true)]
    public void A_long_body_is_packed_and_comes_back_byte_by_byte(int items, bool isPacked)
    {
        var json = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, items))}]");

        var (type, data) = PackedJson.Pack(json);

        Assert.Equal(isPacked ? PackedJson.ContentType : PackedJson.Plain, type);
        Assert.Equal(isPacked, data.Length < json.Length);
        Assert.Equal(json, isPacked ? PackedJson.Unpack(data.Span) : data.ToArray());
    }

    [Fact]
    public void What_packing_does_not_shorten_is_kept_plain()
    {
        var random = new byte[10_000];
        new Random(1).NextBytes(random);

        Assert.Equal(PackedJson.Plain, PackedJson.Pack(random).ContentType);
    }

    [Fact]
    public void A_damaged_body_is_given_as_it_is_so_that_its_digest_tells()
    {
        var packed = PackedJson.Pack(Encoding.UTF8.GetBytes(new string('x', 5_000))).Data.ToArray();
        var cut = packed[..^1];
        byte[] absurd = [255, 255, 255, 127, .. packed[4..]];

        Assert.Equal(cut, PackedJson.Unpack(cut));
        Assert.Equal(absurd, PackedJson.Unpack(absurd));
        Assert.Empty(PackedJson.Unpack([]));
    }
}
