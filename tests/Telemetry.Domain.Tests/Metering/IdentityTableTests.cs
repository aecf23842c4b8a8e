using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Tests.Metering;

public sealed class IdentityTableTests
{
    [Fact]
    public void A_key_is_found_by_its_identity_and_not_by_being_equal()
    {
        var table = new IdentityTable<SeriesKey, int>(maxCount: 10);
        var (key, equal) = (Key(1), Key(1));

        table.Add(key, key.GetHashCode(), 7);

        Assert.True(table.TryFind(key, key.GetHashCode(), out var found));
        Assert.Equal(7, found);
        Assert.False(table.TryFind(equal, equal.GetHashCode(), out _));
    }

    [Fact]
    public void All_keys_are_found_while_it_grows_and_the_old_ones_are_forgotten_when_it_is_full()
    {
        const int Max = 5_000;
        var table = new IdentityTable<SeriesKey, int>(Max);
        var keys = Enumerable.Range(0, Max + 1).Select(Key).ToArray();
        for (var i = 0; i < Max; i++)
            table.Add(keys[i], keys[i].GetHashCode(), i);

        Assert.All(keys.Take(Max).Index(), k => Assert.True(table.TryFind(k.Item, k.Item.GetHashCode(), out var found) && found == k.Index));

        table.Add(keys[Max], keys[Max].GetHashCode(), Max);
        Assert.False(table.TryFind(keys[0], keys[0].GetHashCode(), out _));
        Assert.True(table.TryFind(keys[Max], keys[Max].GetHashCode(), out _));
    }

    private static SeriesKey Key(int number) => new("cpu", SampleType.Cumulative, "ns", $"r{number}", "p", null, "openstack");
}
