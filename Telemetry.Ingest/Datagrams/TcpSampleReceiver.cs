using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Datagrams;

/// <summary>Receives what <c>tcp://</c> publishers send: per sample its length (8 bytes, little-endian) and the message.</summary>
/// <remarks>A message that cannot be read is refused; a length beyond the largest message ends the connection, as all after it is noise.</remarks>
internal sealed class TcpSampleReceiver(
    IOptionsMonitor<DatagramOptions> options, ISampleIntake intake, SigningSecrets secrets, DatagramMetrics metrics, TimeProvider clock,
    ILogger<TcpSampleReceiver> logger) : BackgroundService
{
    private const string Protocol = "tcp";

    /// <summary>Agents keep a connection and use it at every poll; what is silent for longer than any poll is dead.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromHours(2);

    private TcpListener? _listener;
    private int _connections;

    /// <summary>Where it receives once it has started; null where it is switched off.</summary>
    public IPEndPoint? LocalEndpoint => _listener?.LocalEndpoint as IPEndPoint;

    /// <exception cref="SocketException">The address is taken or not this host's: the host does not start.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Get(DatagramOptions.Tcp).Address is { } address)
        {
            _listener = new TcpListener(address);
            _listener.Start();
            logger.Receiving(Protocol, LocalEndpoint!.ToString());
        }
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _listener?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_listener is null)
            return;
        while (!stoppingToken.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(stoppingToken);
            }
            catch (SocketException e) // such as too many open files; those who connect now try again
            {
                logger.Interrupted(e, Protocol);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stoppingToken);
                continue;
            }
            if (Interlocked.Increment(ref _connections) > options.Get(DatagramOptions.Tcp).MaxConnections)
            {
                Interlocked.Decrement(ref _connections);
                logger.Closed(Protocol, Sender(client), "There are as many connections as the setting MaxConnections allows.");
                client.Dispose();
                continue;
            }
            _ = ServeAsync(client, stoppingToken);
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken ct)
    {
        var sender = Sender(client);
        try
        {
            using (client)
                await ReadAsync(client, sender, ct);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidDataException)
        {
            logger.Closed(Protocol, sender, e.Message);
        }
        catch (OperationCanceledException)
        {
            if (!ct.IsCancellationRequested)
                logger.Closed(Protocol, sender, $"It was silent for {IdleTimeout}.");
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private async Task ReadAsync(TcpClient client, string sender, CancellationToken ct)
    {
        var limit = new RateLimit(options.Get(DatagramOptions.Tcp).MaxPerSecond, clock);
        var batch = new ReceivedBatch(Protocol, intake, secrets, metrics, logger);
        var pipe = PipeReader.Create(client.GetStream());
        while (true)
        {
            using var idle = new CancellationTokenSource(IdleTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, ct);
            var read = await pipe.ReadAsync(either.Token);
            var rest = read.Buffer;
            while (TryTakeFrame(ref rest, out var message))
            {
                await limit.TakeAsync(ct);
                batch.Add(message.ToArray(), sender);
                if (batch.IsFull)
                    await batch.FlushAsync(ct);
            }
            await batch.FlushAsync(ct);
            pipe.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
                return;
        }
    }

    private static bool TryTakeFrame(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> message)
    {
        message = default;
        Span<byte> prefix = stackalloc byte[8];
        if (buffer.Length < 8)
            return false;
        buffer.Slice(0, 8).CopyTo(prefix);
        var length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length is <= 0 or > SampleDatagram.MaxLength)
            throw new InvalidDataException($"It announced a message of {length} bytes; at most {SampleDatagram.MaxLength} are read.");
        if (buffer.Length < 8 + length)
            return false;
        message = buffer.Slice(8, length);
        buffer = buffer.Slice(8 + length);
        return true;
    }

    private static string Sender(TcpClient client) => client.Client.RemoteEndPoint?.ToString() ?? "";
}
