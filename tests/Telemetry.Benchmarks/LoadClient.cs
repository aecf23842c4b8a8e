using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Telemetry.Benchmarks;

/// <summary>A body of samples, made before the clock runs.</summary>
/// <param name="Whole">The same with its dictionary, where <paramref name="Bytes"/> refers to it.</param>
/// <param name="Signature">The value of the header, of both.</param>
internal sealed record LoadBody(string ContentType, byte[] Bytes, byte[]? Whole = null, string? Signature = null, string Path = "/v2/samples");

/// <summary>A connection that posts bodies one after the other, by hand: it is to take as little of the two cores as it can.</summary>
internal sealed class LoadClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private static long _bytesSent;
    private byte[] _answer = new byte[64 << 10];

    /// <summary>The bytes of all bodies that were posted.</summary>
    public static long BytesSent => Volatile.Read(ref _bytesSent);

    public LoadClient(Uri server) => _socket.Connect(server.Host, server.Port);

    /// <summary>Posts a body and waits for 204; gives the milliseconds that took, the second try of a body whose dictionary was not known included.</summary>
    public double Post(LoadBody body)
    {
        var start = Stopwatch.GetTimestamp();
        var status = Send(body, body.Bytes);
        if (status == 409 && body.Whole is { } whole)
            status = Send(body, whole);
        return status == 204 ? Stopwatch.GetElapsedTime(start).TotalMilliseconds : throw new IOException(Encoding.UTF8.GetString(_answer));
    }

    /// <summary>Posts a body and reads the whole answer; gives its status.</summary>
    private int Send(LoadBody body, ReadOnlySpan<byte> bytes)
    {
        Send(Encoding.ASCII.GetBytes(
            $"POST {body.Path} HTTP/1.1\r\nHost: bench\r\nX-Roles: admin\r\nPrefer: return=minimal\r\nContent-Type: {body.ContentType}\r\n"
            + (body.Signature is null ? "" : $"Telemetry-Signature: {body.Signature}\r\n") + $"Content-Length: {bytes.Length}\r\n\r\n"));
        Send(bytes);
        Interlocked.Add(ref _bytesSent, bytes.Length);
        var filled = 0;
        while (!IsWhole(_answer.AsSpan(0, filled)))
        {
            var read = _socket.Receive(_answer.AsSpan(filled));
            if (read == 0)
                throw new IOException("The server closed the connection.");
            filled += read;
        }
        return int.Parse(Encoding.ASCII.GetString(_answer, 9, 3), CultureInfo.InvariantCulture);
    }

    /// <summary>An answer without a body, with a length, or in chunks.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return false;
        if (answer[..head].IndexOf("Transfer-Encoding: chunked"u8) >= 0)
            return answer.EndsWith("\r\n0\r\n\r\n"u8);
        var name = "\r\nContent-Length: "u8;
        var at = answer[..head].IndexOf(name);
        return at < 0 || (Utf8Parser.TryParse(answer[(at + name.Length)..], out int length, out _) && answer.Length >= head + 4 + length);
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
