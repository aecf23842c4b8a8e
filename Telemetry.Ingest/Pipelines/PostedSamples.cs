using Microsoft.Extensions.Logging;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Samples;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Ingest.Pipelines;

/// <summary>Samples that clients post without <c>direct</c>: through the pipelines, as Ceilometer leads them over its bus. Safe for use by many threads.</summary>
public sealed class PostedSamples
{
    /// <summary>How long a log that takes nothing is waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SamplePipelines _samples;
    private readonly PipelineIntake _pipelines;
    private readonly IEventStore _log;
    private readonly IProjectionProgress _projections;
    private readonly SampleLimits _limits;
    private readonly TimeProvider _clock;
    private readonly ILogger<PostedSamples> _logger;

    internal PostedSamples(
        SamplePipelines samples, PipelineIntake pipelines, IEventStore log, IProjectionProgress projections, SampleLimits limits, TimeProvider clock, ILogger<PostedSamples> logger) =>
        (_samples, _pipelines, _log, _projections, _limits, _clock, _logger) = (samples, pipelines, log, projections, limits, clock, logger);

    /// <summary>Whether a file of pipelines is in use; without one everything is stored as it is.</summary>
    public bool AreTransformed => !_samples.StoresAll;

    /// <summary>Takes a batch once; what the pipelines make of it is durable when the task completes.</summary>
    /// <param name="batch">Not empty, and without message ids.</param>
    /// <returns>The samples as they were posted, with the ids that go with them through the pipelines.</returns>
    /// <exception cref="EventStoreBusyException">The log takes nothing.</exception>
    public async Task<AcceptedSamples> AcceptAsync(SampleBatch batch, EventId id, string source, CancellationToken ct)
    {
        var ids = new MessageIds([.. Enumerable.Range(0, batch.Count).Select(id.Sample)]);
        var named = new SampleBatch(batch.Series, batch.Timestamps, batch.Volumes, batch.Metadata, ids);
        using var patience = new CancellationTokenSource(Patience, _clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            var isNew = await _pipelines.AcceptAsync(SampleInFlight.Of(named), [], id, source, _logger.SampleNotKept, limit.Token);
            var position = await _log.HeadAsync(ct);
            return new(named, [0], id, position, alreadyStored: !isNew, await _projections.WaitForAsync(position, _limits.VisibilityTimeout, ct));
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new EventStoreBusyException($"The pipelines did not take the samples within {Patience.TotalSeconds} s.", e);
        }
    }
}
