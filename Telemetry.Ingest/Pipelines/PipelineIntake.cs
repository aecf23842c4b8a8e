using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Pipelines.Publishers;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Ingest.Pipelines;

/// <summary>Leads what a message gave through the pipelines, and out to publishers and the store. Safe for use by many threads.</summary>
/// <remarks>
/// Where transformers remember something, messages are taken in rounds: all that wait are led through, what comes out is stored, the
/// state is saved, and only then are they acknowledged. A message that comes again after a crash so meets the state that it met before.
/// Publishers other than the store get what a repeated message gives once more: it is not known whether they had it.
/// </remarks>
internal sealed class PipelineIntake(
    SamplePipelines samples, EventPipelines events, PipelinePublishers publishers, PipelineStore store, PipelineStateFile state, TimeProvider clock,
    ILogger<PipelineIntake> logger) : BackgroundService
{
    private const int MaxRound = 1_000;

    /// <summary>How long transformers may hold samples beyond their time where no further ones come.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(5);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(MaxRound);

    /// <summary>Whether what comes out depends on what came before.</summary>
    public bool KeepsOrder => samples.Remembers;

    /// <summary>Takes what a message gave, in the order of the calls; stored, and the state saved, when the task completes.</summary>
    /// <param name="id">The message's: the same id again stores nothing.</param>
    /// <param name="problem">Told of every sample that is dropped, and why.</param>
    /// <returns>False where it was stored before.</returns>
    public async Task<bool> AcceptAsync(
        IReadOnlyList<SampleInFlight> taken, IReadOnlyList<TelemetryEvent> made, EventId id, string source, Action<string> problem, CancellationToken ct)
    {
        if (!samples.Remembers || taken.Count == 0)
            return await PublishAsync(samples.Process(taken, clock.GetUtcNow(), problem), made, id, source, problem, ct);
        var waiting = new Waiting(taken, made, id, source, problem, new(TaskCreationOptions.RunContinuationsAsynchronously));
        await _waiting.Writer.WriteAsync(waiting, ct);
        return await waiting.Done.Task.WaitAsync(ct);
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        state.Load(samples);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!samples.Remembers)
            return;
        using var timer = new PeriodicTimer(Tick, clock);
        var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        var more = _waiting.Reader.WaitToReadAsync(stoppingToken).AsTask();
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAny(tick, more);
            await RunAsync(Round(tick.IsCompletedSuccessfully), stoppingToken);
            if (tick.IsCompleted)
                tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            if (more.IsCompleted)
                more = _waiting.Reader.WaitToReadAsync(stoppingToken).AsTask();
        }
    }

    private List<Waiting> Round(bool releaseDue)
    {
        var round = new List<Waiting>();
        if (releaseDue)
            round.Add(new([], [], EventId.New(), "pipeline", logger.SampleNotKept, new()));
        while (round.Count < MaxRound && _waiting.Reader.TryRead(out var next))
            round.Add(next);
        return round;
    }

    // A caller that gave up meanwhile does not stop the round: the state has moved on, so the samples must be stored.
    private async Task RunAsync(List<Waiting> round, CancellationToken ct)
    {
        if (round.Count == 0)
            return;
        var now = clock.GetUtcNow();
        var running = round.Select(w => PublishAsync(samples.Process(w.Taken, now, w.Problem), w.Made, w.Id, w.Source, w.Problem, ct)).ToList();
        await Task.WhenAll(running).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await SaveAsync(ct);
        foreach (var (w, task) in round.Zip(running))
            w.Done.TrySetFromTask(task);
    }

    private async Task SaveAsync(CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested(); // some may not be stored: they come again, to the state as it was saved last
            try
            {
                state.Save(samples);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                logger.StateNotSaved(e);
                await Task.Delay(Tick, clock, ct);
            }
        }
    }

    private async Task<bool> PublishAsync(
        IReadOnlyList<PublishedSamples> released, IReadOnlyList<TelemetryEvent> made, EventId id, string source, Action<string> problem, CancellationToken ct)
    {
        var published = events.Process(made);
        foreach (var one in released)
            await publishers.PublishAsync(one, ct);
        foreach (var one in published)
            await publishers.PublishAsync(one, ct);
        // What several sinks send to the store is one sample, one event.
        var kept = released is [{ GoToStore: true, Samples: [_] only }] ? only
            : [.. released.Where(p => p.GoToStore).SelectMany(p => p.Samples).Distinct(ReferenceEqualityComparer.Instance).Cast<SampleInFlight>()];
        var recorded = published is [{ GoToStore: true, Events: [_] onlyEvents }] ? onlyEvents
            : [.. published.Where(p => p.GoToStore).SelectMany(p => p.Events).DistinctBy(e => e.MessageId)];
        return await store.StoreAsync(kept, recorded, id, source, problem, ct);
    }

    private sealed record Waiting(
        IReadOnlyList<SampleInFlight> Taken, IReadOnlyList<TelemetryEvent> Made, EventId Id, string Source, Action<string> Problem, TaskCompletionSource<bool> Done);
}
