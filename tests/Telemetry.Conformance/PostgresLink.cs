using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Telemetry.Conformance;

/// <summary>
/// A network between a program and PostgreSQL that can be cut: nothing comes through any more, and no connection is closed. When it is whole again,
/// what was sent meanwhile arrives, as TCP sends it again.
/// </summary>
public sealed class PostgresLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private readonly StringBuilder _heldBack = new();
    private readonly Task _accepting;
    private TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PostgresLink(string connectionString)
    {
        _server = new(connectionString);
        _whole.SetResult();
        _listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.ToString();
        _accepting = AcceptAsync();
    }

    /// <summary>To the same database, over this network.</summary>
    public string ConnectionString { get; }

    /// <summary>What was sent to the server since the network was cut, each byte as a character.</summary>
    public string HeldBack
    {
        get
        {
            lock (_lock)
                return _heldBack.ToString();
        }
    }

    public void Cut()
    {
        lock (_lock)
            (_whole, _) = (new(TaskCreationOptions.RunContinuationsAsynchronously), _heldBack.Clear());
    }

    public void Mend() => _whole.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        Mend();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var links = new List<Task>();
        try
        {
            while (true)
                links.Add(LinkAsync(await _listener.AcceptSocketAsync(_end.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(links);
        }
    }

    private async Task LinkAsync(Socket program)
    {
        using (program)
        using (var server = _server.Host!.StartsWith('/') ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                await _whole.Task.WaitAsync(_end.Token);
                await server.ConnectAsync(_server.Host.StartsWith('/') ? new UnixDomainSocketEndPoint($"{_server.Host}/.s.PGSQL.{_server.Port}") : new DnsEndPoint(_server.Host, _server.Port), _end.Token);
                await Task.WhenAll(CarryAsync(program, server, isToServer: true), CarryAsync(server, program, isToServer: false));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // One side has gone, or the test is over.
            }
        }
    }

    private async Task CarryAsync(Socket from, Socket to, bool isToServer)
    {
        var buffer = new byte[64 << 10];
        while (await from.ReceiveAsync(buffer, _end.Token) is > 0 and var read)
        {
            if (isToServer && !_whole.Task.IsCompleted)
            {
                lock (_lock)
                    _heldBack.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
            await _whole.Task.WaitAsync(_end.Token);
            await to.SendAsync(buffer.AsMemory(0, read), _end.Token);
        }
        to.Shutdown(SocketShutdown.Send);
    }
}
