using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Telemetry.Conformance;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Datagrams;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Tests.Pipelines.Publishers;

public sealed class TcpPublisherTests : IDisposable
{
    private readonly TcpListener _receiver = new(IPAddress.Loopback, 0);
    private readonly IPublisher _publisher;

    public TcpPublisherTests()
    {
        _receiver.Start();
        _publisher = new PublisherFactory(SigningSecrets.None, null, TimeProvider.System, "h")
            .Create(PublisherUrl.Read(YamlValue.Parse("f", $"'tcp://{_receiver.LocalEndpoint}'")))!;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        (_publisher as IDisposable)?.Dispose();
        _receiver.Dispose();
    }

    [Fact]
    public async Task One_connection_serves_many_batches()
    {
        await PublishAsync("a");
        using var connection = await _receiver.AcceptTcpClientAsync(Ct);
        await PublishAsync("b");

        Assert.Equal(["a", "b"], [await ReadAsync(connection), await ReadAsync(connection)]);
        Assert.False(_receiver.Pending());
    }

    [Fact]
    public async Task A_message_names_the_host_that_sends_it_and_is_signed_with_that()
    {
        var secret = new SigningSecrets(["s3cr3t"]);
        using var publisher = (IDisposable)new PublisherFactory(secret, null, TimeProvider.System, "host-1").Create(PublisherUrl.Read(YamlValue.Parse("f", $"'tcp://{_receiver.LocalEndpoint}'")))!;
        await ((IPublisher)publisher).PublishAsync([InFlight.Of()], Ct);
        using var connection = await _receiver.AcceptTcpClientAsync(Ct);

        var message = JsonElement.Parse(MessagePackReader.ToJson(await FrameAsync(connection)));
        Assert.Equal("host-1", message.GetProperty("publisher_id").GetString());
        Assert.True(MessageSignature.Verify(message, secret));
    }

    /// <summary>Of an address of its own, for the port is everybody's.</summary>
    [Theory]
    [InlineData("tcp", "127.49.52.1")]
    [InlineData("udp", "127.49.52.2")]
    public async Task Without_a_port_it_is_4952(string scheme, string host)
    {
        var publisher = new PublisherFactory(SigningSecrets.None, null, TimeProvider.System, "h").Create(PublisherUrl.Read(YamlValue.Parse("f", $"'{scheme}://{host}'")))!;
        var address = new IPEndPoint(IPAddress.Parse(host), 4952);
        using var stream = new TcpListener(address);
        using var datagrams = new UdpClient(address);
        if (scheme == "tcp")
            stream.Start();

        await publisher.PublishAsync([InFlight.Of("a")], Ct);

        using var connection = scheme == "tcp" ? await stream.AcceptTcpClientAsync(Ct) : null;
        var message = connection is not null ? await FrameAsync(connection) : (await datagrams.ReceiveAsync(Ct)).Buffer;
        Assert.Equal("a", SampleDatagram.Read(message, SigningSecrets.None).Series.Meter);
        (publisher as IDisposable)?.Dispose();
    }

    [Fact]
    public async Task A_connection_that_broke_is_made_anew_and_the_sample_sent_again()
    {
        await PublishAsync("a");
        using (var first = await _receiver.AcceptTcpClientAsync(Ct))
        {
            Assert.Equal("a", await ReadAsync(first));
            first.LingerState = new(true, 0); // closing resets the connection: the next write fails at once
        }
        var accepting = _receiver.AcceptTcpClientAsync(Ct).AsTask();
        // What was written before the reset was noticed is lost, as with Ceilometer's own publisher.
        await Poll.UntilAsync(async () =>
        {
            await PublishAsync("b");
            return accepting.IsCompleted;
        });

        using var second = await accepting;
        Assert.Equal("b", await ReadAsync(second));
    }

    [Fact]
    public async Task A_receiver_that_was_restarted_gets_the_very_next_sample()
    {
        await PublishAsync("a");
        using (var first = await _receiver.AcceptTcpClientAsync(Ct))
            Assert.Equal("a", await ReadAsync(first));
        var address = (IPEndPoint)_receiver.LocalEndpoint;
        _receiver.Stop();
        using var restarted = new TcpListener(address);
        restarted.Start();

        await PublishAsync("b");

        using var second = await restarted.AcceptTcpClientAsync(Ct);
        Assert.Equal("b", await ReadAsync(second));
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_an_error()
    {
        _receiver.Stop();

        await Assert.ThrowsAsync<PublisherException>(() => PublishAsync("a"));
    }

    private Task PublishAsync(string meter) => _publisher.PublishAsync([InFlight.Of(meter)], Ct);

    private static async Task<string> ReadAsync(TcpClient connection) => SampleDatagram.Read(await FrameAsync(connection), SigningSecrets.None).Series.Meter;

    private static async Task<byte[]> FrameAsync(TcpClient connection)
    {
        var stream = connection.GetStream();
        var length = new byte[8];
        await stream.ReadExactlyAsync(length, Ct);
        var message = new byte[BinaryPrimitives.ReadInt64LittleEndian(length)];
        await stream.ReadExactlyAsync(message, Ct);
        return message;
    }
}
