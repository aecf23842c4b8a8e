using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Datagrams;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;
using Telemetry.Ingest.Tests.Pipelines;

namespace Telemetry.Ingest.Tests.Datagrams;

/// <summary>The receivers on this machine's own network.</summary>
public sealed class ReceiverTests : IAsyncLifetime
{
    private static readonly SigningSecrets Secret = new(["s3cr3t"]);

    private readonly RecordingIntake _intake = new();
    private readonly IHost _host;

    public ReceiverTests() => _host = Host("127.0.0.1:0", _intake);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private int UdpPort => _host.Services.GetRequiredService<UdpSampleReceiver>().LocalEndpoint!.Port;
    private int TcpPort => _host.Services.GetRequiredService<TcpSampleReceiver>().LocalEndpoint!.Port;

    public async ValueTask InitializeAsync() => await _host.StartAsync(Ct);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(Ct);
        _host.Dispose();
    }

    [Fact]
    public async Task Recorded_datagrams_arrive_and_what_is_none_does_not()
    {
        using var client = new UdpClient("127.0.0.1", UdpPort);
        await client.SendAsync("not MessagePack"u8.ToArray(), Ct);
        await client.SendAsync(Array.Empty<byte>(), Ct);
        byte[] forged = [.. SampleDatagramTests.Recorded[0]];
        forged[^1] ^= 1; // the last digit of the signature
        await client.SendAsync(forged, Ct);
        foreach (var datagram in SampleDatagramTests.Recorded)
            await client.SendAsync(datagram, Ct);

        Assert.Equal(["cpu", "memory.usage", "image.size", "ip.floating"], (await _intake.TakeAsync(4)).Select(s => s.Series.Meter));
    }

    [Fact]
    public async Task The_receiver_goes_on_when_samples_could_not_be_stored()
    {
        using var client = new UdpClient("127.0.0.1", UdpPort);
        var failed = _intake.FailNextAsync(new IOException("The disk is full."));
        await client.SendAsync(SampleDatagramTests.Recorded[0], Ct);
        await failed.WaitAsync(TimeSpan.FromSeconds(10), Ct);
        await client.SendAsync(SampleDatagramTests.Recorded[1], Ct);

        Assert.Equal("memory.usage", Assert.Single(await _intake.TakeAsync(1)).Series.Meter);
    }

    [Fact]
    public async Task What_the_udp_publisher_sends_arrives_unchanged()
    {
        var publisher = Factory().Create(Url($"udp://127.0.0.1:{UdpPort}"))!;
        await publisher.PublishAsync([Rich()], CancellationToken.None);

        Same(Rich(), Assert.Single(await _intake.TakeAsync(1)));
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    public async Task Publishers_speak_IPv6_to_hosts_that_have_it(string scheme)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 && File.Exists("/proc/net/if_inet6"), "This machine has no IPv6.");
        using var host = Host("[::1]:0", _intake);
        await host.StartAsync(Ct);
        var port = scheme == "udp" ? host.Services.GetRequiredService<UdpSampleReceiver>().LocalEndpoint!.Port : host.Services.GetRequiredService<TcpSampleReceiver>().LocalEndpoint!.Port;
        var publisher = Factory().Create(Url($"{scheme}://[::1]:{port}"))!;
        await publisher.PublishAsync([Rich()], CancellationToken.None);

        Same(Rich(), Assert.Single(await _intake.TakeAsync(1)));
        (publisher as IDisposable)?.Dispose();
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task What_the_tcp_publisher_sends_over_one_connection_arrives_unchanged()
    {
        var publisher = Factory().Create(Url($"tcp://127.0.0.1:{TcpPort}"))!;
        await publisher.PublishAsync([Rich(), InFlight.Of("memory", 0.5)], CancellationToken.None);
        await publisher.PublishAsync([InFlight.Of("disk", 1e300)], CancellationToken.None);

        var received = await _intake.TakeAsync(3);
        Same(Rich(), received[0]);
        Assert.Equal([("memory", 0.5), ("disk", 1e300)], received.Skip(1).Select(s => (s.Series.Meter, s.Volume)));
        (publisher as IDisposable)!.Dispose();
    }

    [Fact]
    public async Task A_stream_may_come_in_pieces_and_with_messages_that_are_refused()
    {
        byte[] stream = [.. Frame(SampleDatagramTests.Recorded[0]), .. Frame([0xc1]), .. Frame(SampleDatagramTests.Recorded[1])];
        using var client = new TcpClient("127.0.0.1", TcpPort) { NoDelay = true };
        foreach (var piece in stream.Chunk(7))
            await client.GetStream().WriteAsync(piece, Ct);

        Assert.Equal(["cpu", "memory.usage"], (await _intake.TakeAsync(2)).Select(s => s.Series.Meter));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(SampleDatagram.MaxLength + 1)]
    [InlineData(long.MaxValue)]
    public async Task A_length_that_no_message_has_ends_the_connection_and_no_other(long length)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, length);
        using var bad = new TcpClient("127.0.0.1", TcpPort);
        using var good = new TcpClient("127.0.0.1", TcpPort);
        await bad.GetStream().WriteAsync(prefix, Ct);

        Assert.True(await Ends(bad));
        await good.GetStream().WriteAsync(Frame(SampleDatagramTests.Recorded[0]), Ct);
        Assert.Single(await _intake.TakeAsync(1));
    }

    [Fact]
    public async Task More_connections_than_allowed_are_closed()
    {
        using var host = Host("127.0.0.1:0", _intake, ("Telemetry:Ingest:Tcp:MaxConnections", "1"));
        await host.StartAsync(Ct);
        var port = host.Services.GetRequiredService<TcpSampleReceiver>().LocalEndpoint!.Port;
        using var first = new TcpClient("127.0.0.1", port);
        await first.GetStream().WriteAsync(Frame(SampleDatagramTests.Recorded[0]), Ct);
        await _intake.TakeAsync(1);
        using var second = new TcpClient("127.0.0.1", port);

        Assert.True(await Ends(second));
        await host.StopAsync(Ct);
    }

    [Fact]
    public async Task Without_an_address_nothing_is_received()
    {
        using var host = Host("", _intake);
        await host.StartAsync(Ct);

        Assert.Null(host.Services.GetRequiredService<UdpSampleReceiver>().LocalEndpoint);
        Assert.Null(host.Services.GetRequiredService<TcpSampleReceiver>().LocalEndpoint);
        await host.StopAsync(Ct);
    }

    [Theory]
    [InlineData("Endpoint", "somewhere", "Endpoint 'somewhere' is no address")]
    [InlineData("MaxPerSecond", "0", "MaxPerSecond must be between 1 and 10000000")]
    public async Task A_wrong_setting_stops_the_start(string setting, string value, string reason)
    {
        using var host = Host("", _intake, ($"Telemetry:Ingest:Udp:{setting}", value));

        Assert.Contains(reason, (await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Ct))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rate_is_kept_each_second()
    {
        var clock = new ManualTime(DateTimeOffset.UnixEpoch);
        var limit = new RateLimit(2, clock);

        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(_ => limit.TryTake()));
        clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(limit.TryTake());
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await limit.TakeAsync(CancellationToken.None);
        Assert.Equal([true, false], [limit.TryTake(), limit.TryTake()]);
    }

    private static IHost Host(string endpoint, ISampleIntake intake, params (string Key, string Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        (string Key, string Value)[] all = [("Telemetry:Ingest:Udp:Endpoint", endpoint), ("Telemetry:Ingest:Tcp:Endpoint", endpoint), .. settings];
        foreach (var (key, value) in all)
            builder.Configuration.AddInMemoryCollection([new(key, value)]); // a later one counts
        builder.Services.AddSingleton(intake).AddSingleton(Secret).AddTelemetryDatagrams();
        return builder.Build();
    }

    private static async Task<bool> Ends(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1], Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(10)) == 0;
        }
        catch (IOException) // reset rather than closed
        {
            return true;
        }
    }

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[8 + message.Length];
        BinaryPrimitives.WriteInt64LittleEndian(frame, message.Length);
        message.CopyTo(frame, 8);
        return frame;
    }

    private static SampleInFlight Rich() =>
        InFlight.Of(volume: 1.25, second: 0.000001, project: null, metadata: """{"a": {"b": [1, 2.0, null, true, "żółw"]}, "big": 18446744073709551615, "n": -1}""", monotonic: 12.5) with { MessageId = "id-1" };

    private static void Same(SampleInFlight expected, SampleInFlight actual)
    {
        Assert.NotNull(actual.Signature);
        Assert.Equal(expected, actual with { Signature = null });
    }

    private static PublisherFactory Factory() => new(Secret, null, TimeProvider.System, "host-1");

    private static PublisherUrl Url(string url) => PublisherUrl.Read(YamlValue.Parse("f", $"'{url}'"));
}
