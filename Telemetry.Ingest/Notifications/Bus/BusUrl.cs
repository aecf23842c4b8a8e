using System.Globalization;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>Where a broker is: an AMQP URL, or a <c>transport_url</c> of oslo.messaging.</summary>
/// <param name="Hosts">The nodes of one cluster; HOST:PORT each.</param>
/// <param name="VirtualHost"><c>/</c> where the URL names none.</param>
internal sealed record BusUrl(bool Tls, string User, string Password, IReadOnlyList<(string Name, int Port)> Hosts, string VirtualHost)
{
    /// <exception cref="FormatException">It is no such URL; the message does not show the password.</exception>
    public static BusUrl Parse(string text)
    {
        var scheme = text.Split("://", 2) is [var s, _] ? s.ToLowerInvariant() : "";
        var tls = scheme is "amqps" or "rabbits" or "rabbitmqs";
        if (!tls && scheme is not ("amqp" or "rabbit" or "rabbitmq"))
            throw Wrong(text, "it begins with amqp://, rabbit:// or amqps://");
        var rest = text[(scheme.Length + 3)..];
        rest = rest.Split('?')[0]; // options of oslo.messaging's drivers say nothing here
        var (authority, path) = rest.IndexOf('/') is >= 0 and var slash ? (rest[..slash], rest[(slash + 1)..]) : (rest, "");
        var (user, password) = ("guest", "guest");
        var hosts = new List<(string, int)>();
        foreach (var node in authority.Split(','))
        {
            var at = node.LastIndexOf('@');
            if (at >= 0) // oslo.messaging repeats the account for every node; it is one account
            {
                var account = node[..at].Split(':', 2);
                (user, password) = (Uri.UnescapeDataString(account[0]), Uri.UnescapeDataString(account.ElementAtOrDefault(1) ?? ""));
            }
            hosts.Add(Host(text, node[(at + 1)..], tls ? 5671 : 5672));
        }
        return new(tls, user, password, hosts, path.Length == 0 || path == "/" ? "/" : Uri.UnescapeDataString(path));
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{(Tls ? "amqps" : "amqp")}://{string.Join(',', Hosts.Select(h => $"{h.Name}:{h.Port}"))}/{(VirtualHost == "/" ? "" : VirtualHost)}";

    private static (string, int) Host(string url, string text, int port)
    {
        var end = text.StartsWith('[') ? text.IndexOf(']') + 1 : text.LastIndexOf(':') is >= 0 and var colon ? colon : text.Length;
        var name = text[..end].Trim('[', ']');
        if (name.Length == 0 || Uri.CheckHostName(name) == UriHostNameType.Unknown)
            throw Wrong(url, "it names no host");
        if (end < text.Length && (text[end] != ':' || !int.TryParse(text[(end + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > 65_535))
            throw Wrong(url, $"'{text[end..]}' is no port");
        return (name, port);
    }

    private static FormatException Wrong(string url, string reason)
    {
        var shown = url.LastIndexOf('@') is >= 0 and var at && url.IndexOf("://", StringComparison.Ordinal) is >= 0 and var start
            ? $"{url[..(start + 3)]}…{url[at..]}"
            : url;
        return new($"'{shown}' is no address of a broker: {reason}. One is written amqp://USER:PASSWORD@HOST:5672/VHOST.");
    }
}
