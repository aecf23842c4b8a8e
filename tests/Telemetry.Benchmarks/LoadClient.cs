using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Telemetry.Benchmarks;

/// <summary>A connection that posts bodies one after the other, by hand: it is to take as little of the two cores as it can.</summary>
internal sealed class LoadClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _answer = new byte[64 << 10];

    public LoadClient(Uri server) => _socket.Connect(server.Host, server.Port);

    /// <summary>Posts a body and waits for 204; gives the milliseconds that took.</summary>
    public double Post(string contentType, ReadOnlySpan<byte> body, string path = "/v2/samples")
    {
        var head = Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: bench\r\nX-Roles: admin\r\nPrefer: return=minimal\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\n\r\n");
        var start = Stopwatch.GetTimestamp();
        Send(head);
        Send(body);
        var filled = 0;
        while (_answer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) < 0)
        {
            var read = _socket.Receive(_answer.AsSpan(filled));
            if (read == 0)
                throw new IOException("The server closed the connection.");
            filled += read;
        }
        if (!_answer.AsSpan(0, filled).StartsWith("HTTP/1.1 204"u8))
            throw new IOException(Encoding.UTF8.GetString(_answer, 0, filled));
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Asks and reads the whole answer, a chunked one; gives the milliseconds that took, and its bytes.</summary>
    /// <param name="project">Whose admin asks; null for one of no project.</param>
    public (double Milliseconds, int Bytes) Get(string path, string? project = null)
    {
        var head = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: bench\r\nX-Roles: admin\r\n{(project is null ? "" : $"X-User-Id: bench\r\nX-Project-Id: {project}\r\n")}\r\n");
        var start = Stopwatch.GetTimestamp();
        Send(head);
        var filled = 0;
        while (!_answer.AsSpan(0, filled).EndsWith("\r\n0\r\n\r\n"u8))
        {
            if (filled == _answer.Length)
                Array.Resize(ref _answer, 2 * filled);
            var read = _socket.Receive(_answer.AsSpan(filled));
            if (read == 0)
                throw new IOException("The server closed the connection.");
            filled += read;
        }
        if (!_answer.AsSpan(0, filled).StartsWith("HTTP/1.1 200"u8))
            throw new IOException(Encoding.UTF8.GetString(_answer, 0, filled));
        return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, filled);
    }

    public void Dispose() => _socket.Dispose();

    private void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[_socket.Send(bytes)..];
    }
}
