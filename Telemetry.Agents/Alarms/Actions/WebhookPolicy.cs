using System.Net;
using System.Net.Sockets;

namespace Telemetry.Agents.Alarms.Actions;

/// <summary>Which addresses webhooks may reach. Judged when a connection is made, so that neither a name nor a redirect gets around it.</summary>
/// <param name="restricts">Whether loopback, link-local, metadata and other special addresses are refused.</param>
/// <param name="allowed">Networks that may be reached all the same.</param>
internal sealed class WebhookPolicy(bool restricts, IReadOnlyList<IPNetwork> allowed)
{
    private static readonly IPNetwork[] Special =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("::/128"), IPNetwork.Parse("::1/128"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("fd00:ec2::254/128"), IPNetwork.Parse("ff00::/8"),
    ];

    public bool Allows(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return !restricts || allowed.Any(n => n.Contains(address)) || !Special.Any(n => n.Contains(address));
    }

    /// <summary>Connects to the first address of a host that is allowed and answers.</summary>
    /// <exception cref="WebhookRefusedException">No address of the host is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(host.Host, ct);
        var may = addresses.Where(Allows).ToArray();
        if (may is [] && addresses is not [])
            throw new WebhookRefusedException($"webhooks may not reach {host.Host} ({string.Join(", ", addresses.Select(a => a.ToString()))})");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(may, host.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A webhook leads to where none may.</summary>
internal sealed class WebhookRefusedException(string message) : Exception(message);
