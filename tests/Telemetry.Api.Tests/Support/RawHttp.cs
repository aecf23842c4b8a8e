using System.Net.Sockets;
using System.Text;

namespace Telemetry.Api.Tests.Support;

/// <summary>Sends requests byte by byte as given: HttpClient and Uri repair what these tests want broken.</summary>
internal static class RawHttp
{
    /// <returns>The status and the body.</returns>
    public static async Task<(int Status, string Body)> GetAsync(Uri server, string target, string headers = "")
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        var request = $"GET {target} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n{headers}\r\n";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return (int.Parse(answer.AsSpan("HTTP/1.1 ".Length, 3)), end < 0 ? "" : answer[(end + 4)..]);
    }
}
