using System.Net.Sockets;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Datagrams;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary><c>udp://HOST[:4952]</c>: a datagram a sample. What is lost on the way is lost.</summary>
internal sealed class UdpPublisher(PublisherUrl url, SigningSecrets secrets) : IPublisher
{
    public async Task PublishAsync(IReadOnlyList<SampleInFlight> samples, CancellationToken ct)
    {
        if (samples.Count == 0)
            return;
        try
        {
            using var client = new UdpClient(url.Url.IdnHost, url.Url.Port > 0 ? url.Url.Port : SampleDatagram.DefaultPort); // IPv6 where the host has it, else IPv4
            foreach (var sample in samples)
                await client.SendAsync(SampleDatagram.Write(sample, secrets), ct);
        }
        catch (SocketException e)
        {
            throw new PublisherException($"{url}: {e.Message}", e);
        }
    }

    public Task PublishAsync(IReadOnlyList<TelemetryEvent> events, CancellationToken ct) =>
        throw new NotSupportedException("Publisher 'udp' takes samples only.");
}
