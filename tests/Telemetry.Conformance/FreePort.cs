using System.Net;
using System.Net.Sockets;

namespace Telemetry.Conformance;

/// <summary>Ports of this host that nobody listens on, for servers that cannot be asked which one they took.</summary>
public static class FreePort
{
    public static int Find(ProtocolType protocol = ProtocolType.Tcp)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
