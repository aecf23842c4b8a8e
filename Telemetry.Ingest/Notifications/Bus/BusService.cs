using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>Connects to the brokers and consumes from them; without any, a bus within the process carries the same consumers.</summary>
/// <remarks>
/// Buses are made one a broker and by hand: MassTransit's registration knows one a type. A broker that is away at the start is waited for
/// a little, then the program goes on without it and connects when it comes. A bus whose broker was lost is made anew: MassTransit's own
/// (8.4.0) waits longer with every loss of its life, up to 31 s, and never asks again for a queue whose start a loss or a refused account cuts off.
/// </remarks>
internal sealed class BusService(
    IOptions<BusOptions> options, IEnumerable<IBusUser> users, TimeProvider clock, ILoggerFactory loggers) : IHostedService, IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>What is worked on when a bus is lost is waited for as long, and comes again if it takes longer.</summary>
    private static readonly TimeSpan LeaveWithin = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger = loggers.CreateLogger<BusService>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _running = [];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        LogContext.ConfigureCurrentLogContext(loggers);
        var brokers = options.Value.Urls.Select(BusUrl.Parse).Select((url, n) =>
            new Broker(url.ToString(), url.Hosts.Count, attempt => CreateRabbitMq(url, url.Hosts[attempt % url.Hosts.Count], isFirst: n == 0))).ToList();
        if (brokers.Count == 0)
            brokers.Add(new("the bus within the process", 1, _ => CreateInMemory()));
        foreach (var broker in brokers)
            _running.Add(RunAsync(broker, isFirst: broker == brokers[0]));
        await Task.WhenAny([
            Task.WhenAll(brokers.Select(b => b.Started.Task)), Task.Delay(TimeSpan.FromSeconds(options.Value.StartTimeoutSeconds), clock, cancellationToken), .. _running]);
        foreach (var broken in _running.Where(r => r.IsFaulted))
            await broken; // a certificate that cannot be read, say: no waiting helps
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
        for (var (attempt, failures) = (0, 0); ; attempt++)
        {
            var loss = new Loss(reason => _logger.QueueRefused(broker.Name, reason));
            using var ending = _stopping.Token.Register(() => loss.Tell("The program ends."));
            var started = false;
            try
            {
                started = await RunBusAsync(broker, attempt, isFirst, loss);
            }
            catch (Exception e) when (e is MassTransitException || broker.Started.Task.IsCompleted) // what has never worked, for another reason than the broker, stops the start
            {
                loss.Tell(e.GetBaseException().Message);
            }
            if (_stopping.IsCancellationRequested)
                return;
            failures = started ? 0 : failures + 1;
            var rounds = failures / broker.Nodes; // the next node is another chance
            var pause = TimeSpan.FromSeconds(Math.Min(1 << Math.Min(rounds, 10), LongestPause.TotalSeconds));
            _logger.BusLost(broker.Name, pause.TotalSeconds, loss.Reason);
            await Task.Delay(pause, clock, _stopping.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    /// <summary>Connects and consumes until the bus is lost; says whether it ever had the broker.</summary>
    private async Task<bool> RunBusAsync(Broker broker, int attempt, bool isFirst, Loss loss)
    {
        var bus = broker.Create(attempt);
        using var observing = bus.ConnectReceiveEndpointObserver(loss);
        var starting = bus.StartAsync(loss.Token);
        var started = false;
        try
        {
            await await Task.WhenAny(starting, loss.Refusal).WaitAsync(loss.Token); // with a refused queue MassTransit's start does not end
            GiveUsers(bus);
            _logger.BusStarted(broker.Name);
            broker.Started.TrySetResult();
            started = true;
            await Task.Delay(Timeout.Infinite, loss.Token);
        }
        catch (OperationCanceledException) when (loss.Token.IsCancellationRequested)
        {
            // As it was told to end.
        }
        finally
        {
            if (!_stopping.IsCancellationRequested)
                GiveUsers(null);
            await LeaveAsync(bus, starting, broker.Name);
        }
        return started;

        void GiveUsers(IBusControl? bus)
        {
            foreach (var user in isFirst ? users : [])
                user.Use(bus);
        }
    }

    private async Task LeaveAsync(IBusControl bus, Task starting, string name)
    {
        using var limit = new CancellationTokenSource(LeaveWithin, clock);
        try
        {
            await starting.WaitAsync(limit.Token); // a start that was cut off takes itself back
            await bus.StopAsync(limit.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException) // it is left all the same
        {
            if (starting.IsCompletedSuccessfully)
                _logger.BusNotStopped(e, name);
        }
    }

    private IBusControl CreateInMemory() => MassTransit.Bus.Factory.CreateUsingInMemory(bus => Configure(bus, isFirst: true));

    private IBusControl CreateRabbitMq(BusUrl url, (string Name, int Port) host, bool isFirst) => MassTransit.Bus.Factory.CreateUsingRabbitMq(bus =>
    {
        bus.Host(host.Name, (ushort)host.Port, url.VirtualHost, $"telemetry:{Environment.ProcessId}", connection =>
        {
            connection.Username(url.User);
            connection.Password(url.Password);
            connection.Heartbeat(TimeSpan.FromSeconds(30));
            connection.PublisherConfirmation = true;
            if (url.Tls)
                connection.UseSsl(tls => Secure(tls, host.Name));
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

    /// <summary>Notices that a bus has lost its broker, or does not come to it. A queue that the broker refuses is no loss: the others are consumed, and MassTransit asks for it again.</summary>
    /// <param name="refused">Is told what a broker refuses, and why.</param>
    [SuppressMessage("Design", "CA1001", Justification = "Endpoints may tell of losses at any time; a source without a timer holds nothing that wants disposing.")]
    private sealed class Loss(Action<string> refused) : IReceiveEndpointObserver
    {
        private readonly CancellationTokenSource _told = new();
        private readonly TaskCompletionSource _refusal = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string? _reason;

        /// <summary>Cancelled when it is lost.</summary>
        public CancellationToken Token => _told.Token;

        /// <summary>Completes when a queue has been refused.</summary>
        public Task Refusal => _refusal.Task;

        /// <summary>What was told first.</summary>
        public string Reason => _reason ?? "";

        public void Tell(string reason)
        {
            Interlocked.CompareExchange(ref _reason, reason, null);
            _ = _told.CancelAsync(); // those who wait go on on threads of their own, not on the endpoint's
        }

        public Task Ready(ReceiveEndpointReady ready) => Task.CompletedTask;

        public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

        public Task Completed(ReceiveEndpointCompleted completed)
        {
            Tell("It has ended the consumption of a queue, or the connection.");
            return Task.CompletedTask;
        }

        public Task Faulted(ReceiveEndpointFaulted faulted)
        {
            var cause = faulted.Exception?.GetBaseException();
            if (cause is OperationInterruptedException { ShutdownReason.ReplyCode: >= 403 and <= 406 }) // of a channel (AMQP 0-9-1)
            {
                refused(cause.Message);
                _refusal.TrySetResult();
            }
            else
            {
                Tell(cause?.Message ?? "");
            }
            return Task.CompletedTask;
        }
    }

    /// <param name="Create">Makes a bus that is not connected yet, to one of the nodes: each attempt to the next.</param>
    private sealed record Broker(string Name, int Nodes, Func<int, IBusControl> Create)
    {
        public TaskCompletionSource Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class OneErrorQueue(string name) : IErrorQueueNameFormatter
    {
        public string FormatErrorQueueName(string queueName) => name;
    }
}
