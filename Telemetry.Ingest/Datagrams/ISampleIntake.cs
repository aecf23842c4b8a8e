using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Datagrams;

/// <summary>Where received samples go. They are finished: the pipelines of the agent that sent them have been through with them.</summary>
public interface ISampleIntake
{
    /// <summary>Takes samples; they are durable when the task completes.</summary>
    /// <param name="source">What brought them: <c>udp</c>, <c>tcp</c>.</param>
    /// <exception cref="Telemetry.Ingest.Samples.SignatureRefusedException">The source's samples must be signed.</exception>
    Task AcceptAsync(IReadOnlyList<SampleInFlight> samples, string source, CancellationToken ct);
}
