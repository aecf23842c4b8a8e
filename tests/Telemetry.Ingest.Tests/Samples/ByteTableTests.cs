using System.Text;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class ByteTableTests
{
    private static byte[] Key(int i) => Encoding.UTF8.GetBytes($"{new string('x', i % 40)}{i}");

    [Fact]
    public void What_was_added_is_found_and_nothing_else()
    {
        var table = new ByteTable<string>(1 << 20);
        for (var i = 0; i < 10_000; i++)
            table.Add(Key(i), $"{i}");

        Assert.Equal(10_000, table.Count);
        Assert.All(Enumerable.Range(0, 10_000), i => Assert.Equal($"{i}", table.Find(Key(i))));
        Assert.Null(table.Find(Key(10_000)));
        Assert.Null(table.Find([]));
    }

    [Fact]
    public void Keys_are_found_in_any_order_however_often_it_changes()
    {
        var table = new ByteTable<string>(1 << 20);
        var random = new Random(5);
        for (var round = 0; round < 50; round++)
        {
            for (var i = 20 * round; i < 20 * (round + 1); i++)
                table.Add(Key(i), $"{i}");
            var order = Enumerable.Range(0, 20 * (round + 1)).ToArray();
            random.Shuffle(order);
            for (var times = 0; times < 3; times++)
                Assert.All(order, i => Assert.Equal($"{i}", table.Find(Key(i))));
            Assert.Null(table.Find(Key(100_000)));
        }
    }

    [Fact]
    public void A_full_table_forgets_and_goes_on()
    {
        var table = new ByteTable<string>(maxBytes: 1_000);
        for (var i = 0; i < 10_000; i++)
        {
            table.Add(Key(i), $"{i}");
            Assert.Equal($"{i}", table.Find(Key(i)));
            Assert.InRange(table.Count, 1, 1_000);
        }
        table.Add(new byte[1_001], "too long");
        Assert.Null(table.Find(new byte[1_001]));
    }
}
