using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>Connects to the brokers and consumes from them; without any, a bus within the process carries the same consumers.</summary>
/// <remarks>
/// Buses are made one a broker and by hand: MassTransit's registration knows one a type. A broker that is away at the start is waited for
/// a little, then the program goes on without it; MassTransit connects when it comes, and again whenever it was lost.
/// </remarks>
internal sealed class BusService(
    IOptions<BusOptions> options, IEnumerable<IBusUser> users, TimeProvider clock, ILoggerFactory loggers) : IHostedService, IDisposable
{
    // MassTransit gives up for good on a broker that refuses the account, as one does that is just starting: a bus that is not well is made anew.
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(15);
    private const int ChecksUntilRenewed = 4;

    private readonly ILogger _logger = loggers.CreateLogger<BusService>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _running = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        LogContext.ConfigureCurrentLogContext(loggers);
        var brokers = options.Value.Urls.Select(BusUrl.Parse).Select((url, n) => new Broker(url.ToString(), () => CreateRabbitMq(url, isFirst: n == 0))).ToList();
        if (brokers.Count == 0)
            brokers.Add(new("the bus within the process", CreateInMemory));
        foreach (var broker in brokers)
            _running.Add(RunAsync(broker, isFirst: broker == brokers[0]));
        await Task.WhenAny(
            Task.WhenAll(brokers.Select(b => b.Started.Task)), Task.Delay(TimeSpan.FromSeconds(options.Value.StartTimeoutSeconds), clock, cancellationToken));
        foreach (var broker in brokers.Where(b => !b.Started.Task.IsCompleted))
            _logger.BusAway(broker.Name);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await Task.WhenAny(Task.WhenAll(_running), Task.Delay(Timeout.Infinite, cancellationToken)); // what is not acknowledged comes again
    }

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(Broker broker, bool isFirst)
    {
        var pause = TimeSpan.FromSeconds(1);
        while (!_stopping.IsCancellationRequested)
        {
            var bus = broker.Create();
            try
            {
                await bus.StartAsync(_stopping.Token);
                foreach (var user in isFirst ? users : [])
                    user.Use(bus);
                _logger.BusStarted(broker.Name);
                broker.Started.TrySetResult();
                pause = TimeSpan.FromSeconds(1);
                await WatchAsync(bus);
                _logger.BusRenewed(broker.Name);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                // The program ends.
            }
            catch (Exception e) when (e is MassTransitException or OperationCanceledException)
            {
                _logger.BusNotStarted(broker.Name, pause.TotalSeconds, e.GetBaseException().Message);
                await Task.Delay(pause, clock, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
                pause = pause * 2 < TimeSpan.FromSeconds(30) ? pause * 2 : TimeSpan.FromSeconds(30);
            }
            await LeaveAsync(bus, broker.Name);
        }
    }

    /// <summary>Returns when the bus has not been well for a while.</summary>
    private async Task WatchAsync(IBusControl bus)
    {
        for (var sick = 0; sick < ChecksUntilRenewed; sick = bus.CheckHealth().Status == BusHealthStatus.Healthy ? 0 : sick + 1)
            await Task.Delay(CheckEvery, clock, _stopping.Token);
    }

    private async Task LeaveAsync(IBusControl bus, string name)
    {
        try
        {
            await bus.StopAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException) // it is left all the same
        {
            _logger.BusNotStopped(e, name);
        }
    }

    private IBusControl CreateInMemory() => MassTransit.Bus.Factory.CreateUsingInMemory(bus => Configure(bus, isFirst: true));

    private IBusControl CreateRabbitMq(BusUrl url, bool isFirst) => MassTransit.Bus.Factory.CreateUsingRabbitMq(bus =>
    {
        var (host, port) = url.Hosts[0];
        bus.Host(host, (ushort)port, url.VirtualHost, $"telemetry:{Environment.ProcessId}", connection =>
        {
            connection.Username(url.User);
            connection.Password(url.Password);
            connection.Heartbeat(TimeSpan.FromSeconds(30));
            connection.PublisherConfirmation = true;
            if (url.Hosts.Count > 1)
                connection.UseCluster(cluster => url.Hosts.ToList().ForEach(h => cluster.Node($"{h.Name}:{h.Port}")));
            if (url.Tls)
                connection.UseSsl(tls => Secure(tls, host));
        });
        // One queue for all that cannot be read. It outlives the broker, whatever the services' own queues do.
        bus.SendTopology.ErrorQueueNameFormatter = new OneErrorQueue(options.Value.ErrorQueue);
        bus.SendTopology.ConfigureErrorSettings = queue =>
            (queue.Durable, queue.AutoDelete, queue.ExchangeType) = (true, false, RabbitMQ.Client.ExchangeType.Fanout);
        Configure(bus, isFirst);
    });

    private void Configure(IBusFactoryConfigurator bus, bool isFirst)
    {
        var raw = new RawBody();
        bus.AddSerializer(raw);
        bus.AddDeserializer(raw, isDefault: true);
        foreach (var user in users)
            user.Configure(bus, isFirst);
    }

    private void Secure(IRabbitMqSslConfigurator tls, string host)
    {
        var bus = options.Value;
        tls.Protocol = SslProtocols.None; // what both sides have
        tls.ServerName = bus.ServerName.Length > 0 ? bus.ServerName : host;
        tls.EnforcePolicyErrors(SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateChainErrors);
        if (bus.CertificateFile.Length > 0)
            tls.Certificate = X509Certificate2.CreateFromPemFile(bus.CertificateFile, bus.KeyFile);
        if (bus.CaFile.Length == 0)
            return;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(bus.CaFile);
        tls.CertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(certificate, errors, authorities);
    }

    private static bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
            return false;
        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        return chain.Build(X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    }

    private sealed record Broker(string Name, Func<IBusControl> Create)
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class OneErrorQueue(string name) : IErrorQueueNameFormatter
    {
        public string FormatErrorQueueName(string queueName) => name;
    }
}
