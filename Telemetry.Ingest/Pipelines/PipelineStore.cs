using System.Data.Common;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Datagrams;
using Telemetry.Ingest.Events;
using Telemetry.Ingest.Samples;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Ingest.Pipelines;

/// <summary>The publisher <c>store</c>: the end of the pipelines, and where finished samples and events of other agents enter. Safe for use by many threads.</summary>
/// <remarks>
/// While the log takes nothing (its queue or disk is full, its server is away) the callers wait: senders that can be held up are, and what
/// the bus has given out stays unacknowledged.
/// </remarks>
public sealed class PipelineStore(
    SampleIntake sampleIntake, EventIntake eventIntake, SampleLimits limits, SignatureCheck signatures, TimeProvider clock, ILogger<PipelineStore> logger) : ISampleIntake
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly SharedSeries _shared = new();

    /// <summary>Stores samples and events once for an id; durable when the task completes.</summary>
    /// <param name="id">The same id again stores nothing.</param>
    /// <param name="source">What brought them in, such as <c>amqp</c>.</param>
    /// <param name="problem">Told of every sample that cannot be kept, and why.</param>
    /// <param name="evidence">What the sender signed; null for nothing. A signature over streams is of all the samples.</param>
    /// <returns>False where all of it was stored before.</returns>
    /// <exception cref="SignatureRefusedException">The signature is wrong; nothing was stored.</exception>
    public async Task<bool> StoreAsync(
        IReadOnlyList<SampleInFlight> samples, IReadOnlyList<TelemetryEvent> events, EventId id, string source, Action<string> problem, CancellationToken ct,
        BatchEvidence? evidence = null)
    {
        var kept = samples.Where(s => IsKept(s, problem)).Select(Shared).ToList();
        // Both at once, so that both are in one group of the log's writer.
        var storing = kept.Count == 0 ? null : PatientlyAsync(() => sampleIntake.AppendAsync(SampleInFlight.ToBatch(kept), id, source, evidence, ct), ct);
        var recording = events.Count == 0 ? null : PatientlyAsync(async () => !(await eventIntake.AppendAsync(events, new(Source: source), ct)).AlreadyStored, ct);
        // Of two deliveries at once each might store one of both first: the samples decide which of them was new.
        var recorded = recording is null || await recording;
        return storing is null ? recorded : await storing;
    }

    /// <summary>The same for samples that are columns already; none are stored at once.</summary>
    /// <exception cref="SignatureRefusedException">The signature is wrong; nothing was stored.</exception>
    public async Task<bool> StoreAsync(SampleBatch samples, EventId id, string source, BatchEvidence? evidence, CancellationToken ct) =>
        samples.Count == 0 || await PatientlyAsync(() => sampleIntake.AppendAsync(samples, id, source, evidence, ct), ct);

    /// <inheritdoc/>
    public Task AcceptAsync(IReadOnlyList<SampleInFlight> samples, string source, CancellationToken ct)
    {
        signatures.Demand(source);
        return StoreAsync(samples, [], EventId.New(), source, logger.SampleNotKept, ct);
    }

    // What the log keeps of a metadata object it keeps for good; the bound is the one of samples over HTTP.
    private bool IsKept(SampleInFlight sample, Action<string> problem)
    {
        if (sample.Metadata.Utf8.Length <= limits.MaxMetadataBytes)
            return true;
        problem($"Meter '{sample.Series.Meter}': the metadata has {sample.Metadata.Utf8.Length} bytes; at most {limits.MaxMetadataBytes} are kept.");
        return false;
    }

    private SampleInFlight Shared(SampleInFlight sample) => sample with { Series = _shared.Share(sample.Series), Metadata = _shared.Share(sample.Metadata) };

    private async Task<bool> PatientlyAsync(Func<Task<bool>> append, CancellationToken ct)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                return await append();
            }
            catch (Exception e) when (e is EventStoreBusyException or EventStoreFullException or IOException or DbException or TimeoutException)
            {
                logger.StoreAway(pause.TotalSeconds, e.Message);
                await Task.Delay(pause, clock, ct);
            }
        }
    }
}
