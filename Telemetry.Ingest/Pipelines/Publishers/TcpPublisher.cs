using System.Buffers.Binary;
using System.Net.Sockets;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Datagrams;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary><c>tcp://HOST[:4952]</c>: samples over one long connection, each as its length (8 bytes, little-endian) and MessagePack.</summary>
/// <remarks>If sending fails, it connects anew and sends that sample once more; if that fails too, the rest of the batch is lost.</remarks>
/// <param name="host">This host's name, which every message carries as <c>publisher_id</c>.</param>
internal sealed class TcpPublisher(PublisherUrl url, SigningSecrets secrets, string host) : IPublisher, IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private TcpClient? _client;

    public async Task PublishAsync(IReadOnlyList<SampleInFlight> samples, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            foreach (var sample in samples)
                await SendAsync(Frame(sample), ct);
        }
        finally
        {
            _one.Release();
        }
    }

    public Task PublishAsync(IReadOnlyList<TelemetryEvent> events, CancellationToken ct) =>
        throw new NotSupportedException("Publisher 'tcp' takes samples only.");

    public void Dispose()
    {
        _client?.Dispose();
        _one.Dispose();
    }

    private byte[] Frame(SampleInFlight sample)
    {
        var body = SampleDatagram.Write(sample, secrets, host);
        var frame = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt64LittleEndian(frame, body.Length);
        body.CopyTo(frame, 8);
        return frame;
    }

    // Receivers send nothing: what can be read is their farewell, and what were written after it would be lost.
    private static bool IsLeft(TcpClient client) => client.Client.Poll(0, SelectMode.SelectRead);

    private async Task SendAsync(byte[] frame, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                if (_client is null || IsLeft(_client))
                {
                    _client?.Dispose();
                    _client = new TcpClient();
                    await _client.ConnectAsync(url.Url.IdnHost, url.Url.Port > 0 ? url.Url.Port : SampleDatagram.DefaultPort, ct);
                }
                await _client.GetStream().WriteAsync(frame, ct);
                return;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                _client?.Dispose();
                _client = null;
                if (attempt > 0)
                    throw new PublisherException($"{url}: {e.Message}", e);
            }
        }
    }
}
