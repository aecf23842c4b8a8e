using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MassTransit;
using MassTransit.Middleware;
using MassTransit.RabbitMqTransport.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>Connects to the brokers and consumes from them; without any, a bus within the process carries the same consumers.</summary>
/// <remarks>
/// Buses are made one a broker and by hand: MassTransit's registration knows one a type. A broker that is away at the start is waited for
/// a little, then the program goes on without it; MassTransit connects when it comes, and again whenever it was lost.
/// </remarks>
internal sealed class BusService(
    IOptions<BusOptions> options, NotificationOptions notifications, SamplePipelines samples, EventPipelines events, IEnumerable<PublishedTopics> published,
    NotificationConsumer consumer, BusSender sender, TimeProvider clock, ILoggerFactory loggers) : IHostedService, IDisposable
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
        var queues = Queues();
        var brokers = options.Value.Urls.Select(BusUrl.Parse).Select(url => new Broker(url.ToString(), () => CreateRabbitMq(url, queues))).ToList();
        if (brokers.Count == 0)
            brokers.Add(new("the bus within the process", () => CreateInMemory(queues)));
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
                if (isFirst)
                    sender.Use(bus, inMemory: options.Value.Urls.Count == 0);
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

    private List<BusQueue> Queues()
    {
        var queues = BusQueue.Consumed(options.Value, notifications).ToList();
        var consumed = queues.Select(q => q.Name).ToHashSet();
        var notifiers = samples.PublishersBySink.Select(s => (s.Sink, s.Publishers, NotifierPublisher.SampleTopic))
            .Concat(events.PublishersBySink.Select(s => (s.Sink, s.Publishers, NotifierPublisher.EventTopic)));
        foreach (var more in published.Where(p => p.Topics.Count > 0))
        {
            if (options.Value.Urls.Count == 0)
                throw new OptionsValidationException(more.Setting, typeof(BusOptions), [$"{more.Setting} names the topic '{more.Topics[0]}', and there is no broker to publish it to: set {BusOptions.Section}:Urls."]);
            if (more.Topics.FirstOrDefault(t => consumed.Contains(BusQueue.NameOf(t, "sample"))) is { } own)
                throw new OptionsValidationException(more.Setting, typeof(BusOptions), [$"{more.Setting} names the topic '{own}', which is consumed here: name another."]);
        }
        var topics = published.SelectMany(p => p.Topics).ToList();
        foreach (var (sink, publishers, absent) in notifiers)
        {
            foreach (var topic in publishers.Where(p => p.Kind == PublisherKind.Notifier).SelectMany(p => NotifierPublisher.Topics(p, absent)))
            {
                if (publishers.Any(p => p.Kind == PublisherKind.Store) && consumed.Contains(BusQueue.NameOf(topic, "sample")))
                    throw new OptionsValidationException(nameof(PipelineSettings), typeof(PipelineSettings), [
                        $"Sink '{sink}' stores, and publishes to the topic '{topic}', which is consumed here and stored as well: all would count twice. Name another topic, or only one of both."]);
                topics.Add(topic);
            }
        }
        queues.AddRange(topics.Select(t => BusQueue.NameOf(t, "sample")).Distinct().Where(n => !consumed.Contains(n))
            .Select(n => new BusQueue(n, [options.Value.TelemetryExchange], IsConsumed: false)));
        return queues;
    }

    private IBusControl CreateInMemory(List<BusQueue> queues) => MassTransit.Bus.Factory.CreateUsingInMemory(bus =>
    {
        Carry(bus);
        foreach (var queue in queues.Where(q => q.IsConsumed))
            bus.ReceiveEndpoint(queue.Name, Consume);
    });

    private IBusControl CreateRabbitMq(BusUrl url, List<BusQueue> queues) => MassTransit.Bus.Factory.CreateUsingRabbitMq(bus =>
    {
        Carry(bus);
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
        foreach (var queue in queues.Where(q => q.IsConsumed))
        {
            bus.ReceiveEndpoint(queue.Name, endpoint =>
            {
                Consume(endpoint);
                Declare(endpoint, queue, queues.Where(q => !q.IsConsumed));
            });
        }
    });

    private static void Carry(IBusFactoryConfigurator bus)
    {
        var raw = new RawBody();
        bus.AddSerializer(raw);
        bus.AddDeserializer(raw, isDefault: true);
    }

    private void Consume(IReceiveEndpointConfigurator endpoint)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.PrefetchCount = options.Value.Prefetch;
        endpoint.ConfigureError(error =>
        {
            error.UseExecute(NameSource);
            error.UseFilter(new ErrorTransportFilter());
        });
        endpoint.Instance(consumer);
    }

    /// <summary>Says on a message for the error queue why it is there and where it was published.</summary>
    private static void NameSource(ExceptionReceiveContext context)
    {
        context.ExceptionHeaders.Set("Telemetry-Reason", context.Exception.Message);
        if (!context.TryGetPayload(out RabbitMqBasicConsumeContext? delivery))
            return;
        context.ExceptionHeaders.Set("Telemetry-Exchange", delivery.Exchange);
        context.ExceptionHeaders.Set("Telemetry-RoutingKey", delivery.RoutingKey);
    }

    /// <summary>Declares a queue and its exchanges exactly as oslo.messaging does: brokers close the channel of who declares otherwise (406).</summary>
    /// <remarks>MassTransit gives every queue an exchange of the queue's own name; here that is the first of the services' exchanges instead.</remarks>
    private void Declare(IRabbitMqReceiveEndpointConfigurator endpoint, BusQueue queue, IEnumerable<BusQueue> others)
    {
        var configuration = (IRabbitMqReceiveEndpointConfiguration)endpoint;
        var settings = (RabbitMqReceiveSettings)configuration.Settings;
        settings.ExchangeName = queue.Exchanges[0];
        settings.RoutingKey = queue.Name;
        Like(settings);
        foreach (var (name, exchange) in queue.Exchanges.Skip(1).Select(e => (queue.Name, e)).Concat(others.SelectMany(o => o.Exchanges.Select(e => (o.Name, e)))))
        {
            configuration.Topology.Consume.BindQueue(exchange, name, binding =>
            {
                Like(binding);
                binding.RoutingKey = name;
            });
        }
    }

    private void Like(IRabbitMqQueueBindingConfigurator entity)
    {
        var bus = options.Value;
        (entity.ExchangeType, entity.Durable, entity.AutoDelete) = (RabbitMQ.Client.ExchangeType.Topic, bus.Durable || bus.Quorum, false);
        if (bus.Quorum)
            entity.SetQueueArgument("x-queue-type", "quorum");
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
