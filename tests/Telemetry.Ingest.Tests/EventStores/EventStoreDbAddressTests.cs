using Telemetry.Ingest.EventStores.EventStoreDb;

namespace Telemetry.Ingest.Tests.EventStores;

public sealed class EventStoreDbAddressTests
{
    [Theory]
    [InlineData("esdb://db1", "https://db1:2113/", false)]
    [InlineData("ESDB://db1:443/?tls=true", "https://db1:443/", false)]
    [InlineData("kurrentdb://db1:80?tls=false", "http://db1:80/", false)]
    [InlineData("esdb+discover://cluster.example", "https://cluster.example:2113/", true)]
    [InlineData("kurrentdb://db1,db2:2114,[::1]:2115", "https://db1:2113/ https://db2:2114/ https://[::1]:2115/", true)]
    public void Hosts_are_read(string text, string hosts, bool discover)
    {
        var address = EventStoreDbAddress.Parse(text);

        Assert.Equal((hosts, discover), (string.Join(' ', address.Hosts.Select(h => h.OriginalString)), address.Discover));
    }

    [Fact]
    public void All_parts_are_read()
    {
        var ca = Path.GetTempFileName();
        try
        {
            var address = EventStoreDbAddress.Parse(
                $"esdb://us%40er:p%3Ass%2F@db1:2113?tls=true&TLSVERIFYCERT=false&tlsCaFile={Uri.EscapeDataString(ca)}&defaultDeadline=1500&keepAliveInterval=2&keepAliveTimeout=3&nodePreference=leader");

            Assert.Equal(("us@er", "p:ss/", false, ca), (address.User, address.Password, address.VerifyCertificate, address.CaFile));
            Assert.Equal((1_500d, 2d, 3d), (address.Timeout?.TotalMilliseconds, address.KeepAliveInterval?.TotalMilliseconds, address.KeepAliveTimeout?.TotalMilliseconds));
            Assert.Equal("db1:2113", address.ToString());
        }
        finally
        {
            File.Delete(ca);
        }
    }

    [Theory]
    [InlineData("postgres://db1", "esdb://")]
    [InlineData("esdb://", "'' is no host")]
    [InlineData("esdb://db1:port", "'db1:port' is no host")]
    [InlineData("esdb://user@db1", "USER:PASSWORD")]
    [InlineData("esdb://db1?tls=maybe", "tls is 'maybe'")]
    [InlineData("esdb://db1?tlsVerifyCert=0", "tlsVerifyCert is '0'")]
    [InlineData("esdb://db1?tlsCaFile=/no/such", "tlsCaFile")]
    [InlineData("esdb://db1?tls=false&tlsCaFile=/no/such", "tlsCaFile needs tls=true")]
    [InlineData("esdb://db1?defaultDeadline=-1", "defaultDeadline is '-1'")]
    [InlineData("esdb://db1?defaultDeadline", "defaultDeadline has no value")]
    [InlineData("esdb://db1?tls=true&tls=false", "tls is given twice")]
    [InlineData("esdb://db1?userCertFile=x", "userCertFile is not known")]
    public void What_is_wrong_is_named(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => EventStoreDbAddress.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_password_is_never_repeated() =>
        Assert.DoesNotContain("secret", Assert.Throws<FormatException>(() => EventStoreDbAddress.Parse("esdb://user:secret:more@db1")).Message, StringComparison.Ordinal);
}
