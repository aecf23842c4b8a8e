using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Telemetry.Api.Tests.GraphQL.Ide;

/// <summary>A proxy that leads nowhere: it keeps the first line of every request and hangs up.</summary>
internal sealed class DeadEndProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly Task _listening;

    public DeadEndProxy()
    {
        _listener.Start();
        _listening = ListenAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Such as <c>CONNECT cdn.example:443 HTTP/1.1</c>.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ListenAsync()
    {
        while (true)
            _ = KeepAsync(await _listener.AcceptTcpClientAsync());
    }

    private async Task KeepAsync(TcpClient client)
    {
        using (client)
        using (var reader = new StreamReader(client.GetStream()))
        {
            try
            {
                if (await reader.ReadLineAsync() is { } line)
                    _asked.Enqueue(line);
            }
            catch (IOException)
            {
                // It hung up first.
            }
        }
    }
}
