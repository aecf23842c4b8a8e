using Telemetry.Ingest.Notifications.Bus;

namespace Telemetry.Ingest.Tests.Notifications.Bus;

public sealed class BusUrlTests
{
    [Theory]
    [InlineData("amqp://guest:guest@127.0.0.1:5672/", "amqp://127.0.0.1:5672/", "guest", "guest")]
    [InlineData("amqp://h", "amqp://h:5672/", "guest", "guest")]
    [InlineData("rabbit://openstack:p%40ss@controller:5672//", "amqp://controller:5672/", "openstack", "p@ss")]
    [InlineData("rabbit://u:p@h1:5672,u:p@h2:5673/nova?ssl=0", "amqp://h1:5672,h2:5673/nova", "u", "p")]
    [InlineData("rabbit://u:p@h1,h2/%2Fx", "amqp://h1:5672,h2:5672//x", "u", "p")]
    [InlineData("amqps://u:p@h/v", "amqps://h:5671/v", "u", "p")]
    [InlineData("amqp://u:p@[::1]:5673/v", "amqp://::1:5673/v", "u", "p")]
    public void URLs_of_AMQP_and_transport_urls_of_oslo_messaging_are_read(string text, string shown, string user, string password)
    {
        var url = BusUrl.Parse(text);

        Assert.Equal((shown, user, password), (url.ToString(), url.User, url.Password));
    }

    [Theory]
    [InlineData("http://u:secret@h/", "it begins with amqp://")]
    [InlineData("h:5672", "it begins with amqp://")]
    [InlineData("amqp://u:secret@/v", "it names no host")]
    [InlineData("amqp://u:secret@h:port/", "':port' is no port")]
    [InlineData("amqp://u:secret@h:70000/", "':70000' is no port")]
    public void What_is_no_URL_is_refused_without_showing_the_password(string text, string reason)
    {
        var error = Assert.Throws<FormatException>(() => BusUrl.Parse(text));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }
}
