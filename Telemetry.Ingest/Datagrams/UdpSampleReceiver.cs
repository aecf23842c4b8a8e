using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Datagrams;

/// <summary>Receives what <c>udp://</c> publishers send: a sample a datagram. What cannot be read, verified or kept up with is dropped.</summary>
internal sealed class UdpSampleReceiver(
    IOptionsMonitor<DatagramOptions> options, ISampleIntake intake, SigningSecrets secrets, DatagramMetrics metrics, TimeProvider clock,
    ILogger<UdpSampleReceiver> logger) : BackgroundService
{
    private const string Protocol = "udp";

    private Socket? _socket;

    /// <summary>Where it receives once it has started; null where it is switched off.</summary>
    public IPEndPoint? LocalEndpoint => _socket?.LocalEndPoint as IPEndPoint;

    /// <exception cref="SocketException">The address is taken or not this host's: the host does not start.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Get(DatagramOptions.Udp).Address is { } address)
        {
            _socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 8 << 20 };
            _socket.Bind(address);
            logger.Receiving(Protocol, LocalEndpoint!.ToString());
        }
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _socket?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_socket is null)
            return;
        var limit = new RateLimit(options.Get(DatagramOptions.Udp).MaxPerSecond, clock);
        var batch = new ReceivedBatch(Protocol, intake, secrets, metrics, logger);
        var buffer = new byte[SampleDatagram.MaxLength + 1];
        var anyone = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!stoppingToken.IsCancellationRequested)
        {
            SocketReceiveFromResult received;
            try
            {
                received = await _socket.ReceiveFromAsync(buffer, anyone, stoppingToken);
            }
            catch (SocketException e) // the system is short of something; a datagram is lost, the receiver is not
            {
                logger.Interrupted(e, Protocol);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stoppingToken);
                continue;
            }
            if (limit.TryTake())
                batch.Add(buffer.AsSpan(0, received.ReceivedBytes), received.RemoteEndPoint);
            else
                batch.Refuse("dropped", received.RemoteEndPoint, "More come in a second than the setting MaxPerSecond allows.");
            // What has arrived meanwhile goes with it; nothing waits for more to come.
            if (_socket.Available == 0 || batch.IsFull)
                await batch.FlushAsync(stoppingToken);
        }
    }
}
