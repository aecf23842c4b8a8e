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
    private readonly Task _accepting;
    private volatile string[] _cutBefore = [];
    private volatile TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);

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

    /// <summary>Cuts the network before the last of some texts is let through, once a connection has sent them one after the other; completes when it is cut.</summary>
    public Task CutBeforeAsync(params string[] texts)
    {
        _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _cutBefore = texts;
        return _cut.Task;
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
        var seen = 0;
        while (await from.ReceiveAsync(buffer, _end.Token) is > 0 and var read)
        {
            if (isToServer)
                seen = CutIfDue(Encoding.Latin1.GetString(buffer, 0, read), seen);
            await _whole.Task.WaitAsync(_end.Token);
            await to.SendAsync(buffer.AsMemory(0, read), _end.Token);
        }
        to.Shutdown(SocketShutdown.Send);
    }

    /// <returns>How many of the texts this connection has sent.</returns>
    private int CutIfDue(string sent, int seen)
    {
        var texts = _cutBefore;
        for (var from = 0; seen < texts.Length && sent.IndexOf(texts[seen], from, StringComparison.Ordinal) is >= 0 and var at; seen++)
            from = at;
        if (texts.Length == 0 || seen < texts.Length)
            return seen;
        _cutBefore = [];
        _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _cut.TrySetResult();
        return 0;
    }
}
