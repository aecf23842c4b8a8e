using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Agents.Alarms;
using Telemetry.Agents.Alarms.Actions;
using Telemetry.Conformance;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Alarms;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Agents.Tests.Alarms;

/// <summary>Everything that makes alarms work, in memory, on a clock that the test moves; nothing runs by itself.</summary>
internal sealed class AlarmBench : IAsyncDisposable
{
    public static readonly AlarmCaller Admin = new("root", "service", true);
    private readonly ServiceProvider _services;

    private AlarmBench(ServiceProvider services) => _services = services;

    public ManualTime Time { get; private init; } = null!;
    public IEventStore Store { get; private init; } = null!;
    public CountingReader Samples { get; private init; } = null!;
    public IReadOnlyCollection<string> Logged { get; private init; } = null!;
    public IAlarmReader Reader => Get<IAlarmReader>();
    public AlarmEvaluator Evaluator => Get<AlarmEvaluator>();
    public AlarmNotifier Notifier => Get<AlarmNotifier>();
    public IReadOnlyList<Domain.Alarms.Evaluation.AlarmNotification> Told => Get<TestAction>().Kept;

    /// <summary>Starts a process: reads what the log holds.</summary>
    /// <param name="before">The process before, whose log and clock go on; null for the first.</param>
    public static async Task<AlarmBench> StartAsync(AlarmBench? before = null, params (string Key, string Value)[] settings)
    {
        var time = before?.Time ?? new ManualTime();
        var store = before?.Store ?? new InMemoryEventStore(time);
        var samples = before?.Samples ?? new CountingReader();
        var log = new KeptLog();
        var services = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(log))
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => $"Telemetry:Alarms:{s.Key}", s => (string?)s.Value)).Build())
            .AddSingleton<TimeProvider>(time)
            .AddSingleton(store)
            .AddSingleton<IMeteringReader>(samples)
            .AddSingleton(new AlarmSettings())
            .AddSingleton<IProjectionProgress, NothingToWaitFor>()
            .AddSingleton<AlarmStore>().AddSingleton<AlarmQuotas>().AddSingleton<AlarmCommands>()
            .AddAlarmProjection()
            .AddAlarmAgents()
            .BuildServiceProvider();
        await services.GetServices<IHostedService>().First().StartAsync(TestContext.Current.CancellationToken); // the index alone
        return new(services) { Time = time, Store = store, Samples = samples, Logged = log.Lines };
    }

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <param name="body">JSON with single quotes.</param>
    public Task<Alarm> CreateAsync(string body) =>
        Get<AlarmCommands>().CreateAsync(Admin, JsonDocument.Parse(body.Replace('\'', '"')).RootElement, TestContext.Current.CancellationToken);

    /// <summary>Adds a sample that was true some seconds ago.</summary>
    public async Task SampleAsync(string meter, string resource, double volume, int secondsAgo, string project = "p", string source = "openstack", string metadata = "{}")
    {
        var batch = new SampleBatch(
            [new SeriesKey(meter, SampleType.Gauge, "%", resource, project, "u", source)],
            [UnixMicroseconds.From(Time.GetUtcNow()) - secondsAgo * UnixMicroseconds.PerSecond], [volume],
            [Metadata.Parse(System.Text.Encoding.UTF8.GetBytes(metadata))]);
        await Store.AppendAsync(
            [new NewEvent(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))])],
            TestContext.Current.CancellationToken);
        Samples.Add(batch);
    }

    /// <summary>Evaluates all alarms now, and waits until everybody is told.</summary>
    public async Task<EvaluationCycle> TickAsync()
    {
        var cycle = await Evaluator.EvaluateAsync(Time.GetUtcNow(), TestContext.Current.CancellationToken);
        await Notifier.IdleAsync();
        return cycle;
    }

    public async Task<Alarm> FindAsync(string id) => (await Reader.FindAsync(id, TestContext.Current.CancellationToken))!;

    /// <summary>Waits until an alarm has changed its state, and gives it as it is then.</summary>
    public async Task<Alarm> ChangedAsync(string id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        await foreach (var recorded in Store.SubscribeAsync(0, limit.Token))
        {
            if (recorded.Type == AlarmEvent.AlarmStateChanged.Name && recorded.Streams[0].Stream == Alarm.StreamOf(id))
                break;
        }
        return (await Get<AlarmStore>().LoadAsync(id, limit.Token))!;
    }

    /// <summary>The types and details of an alarm's history, newest first.</summary>
    public async Task<IReadOnlyList<AlarmChange>> HistoryAsync(string id) =>
        await Reader.HistoryAsync(new(Predicate.Equal(new Field("alarm_id"), id), []), TestContext.Current.CancellationToken);

    public async Task<IReadOnlyList<AlarmDelivery>> DeliveriesAsync(string id)
    {
        var deliveries = new List<AlarmDelivery>();
        await foreach (var stored in Store.ReadStreamAsync(AlarmDelivery.StreamOf(id), ct: TestContext.Current.CancellationToken))
            deliveries.Add(AlarmDelivery.Read(stored.Event));
        return deliveries;
    }

    private sealed class NothingToWaitFor : IProjectionProgress
    {
        public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default) => ValueTask.FromResult(true);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.GetServices<IHostedService>().First().StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }
}

/// <summary>Keeps what is logged, each line after its level.</summary>
internal sealed class KeptLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    public void Dispose()
    {
    }
}

/// <summary>Counts what is asked; fails where it is told to.</summary>
internal sealed class CountingReader : IMeteringReader
{
    private readonly BruteForceReader _reader = new();

    public int Asked { get; private set; }

    public bool IsBroken { get; set; }

    public void Add(SampleBatch batch) => _reader.Add(batch, EventId.New(), DateTimeOffset.UnixEpoch);

    public ValueTask<IReadOnlyList<Sample>> SamplesAsync(SampleQuery query, CancellationToken ct = default) => Count(() => _reader.SamplesAsync(query, ct));

    public ValueTask<Sample?> FindSampleAsync(string id, Predicate filter, CancellationToken ct = default) => Count(() => _reader.FindSampleAsync(id, filter, ct));

    public ValueTask<IReadOnlyList<MeterRow>> MetersAsync(ListQuery query, CancellationToken ct = default) => Count(() => _reader.MetersAsync(query, ct));

    public ValueTask<IReadOnlyList<MeterRow>> MeterDefinitionsAsync(ListQuery query, CancellationToken ct = default) =>
        Count(() => _reader.MeterDefinitionsAsync(query, ct));

    public ValueTask<IReadOnlyList<ResourceRow>> ResourcesAsync(ListQuery query, CancellationToken ct = default) => Count(() => _reader.ResourcesAsync(query, ct));

    public ValueTask<IReadOnlyList<StatisticsRow>> StatisticsAsync(StatisticsQuery query, CancellationToken ct = default) =>
        Count(() => _reader.StatisticsAsync(query, ct));

    private T Count<T>(Func<T> ask)
    {
        Asked++;
        return IsBroken ? throw new InvalidOperationException("broken") : ask();
    }
}
