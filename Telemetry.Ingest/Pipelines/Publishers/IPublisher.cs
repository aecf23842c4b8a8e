using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary>Sends samples and events to another system. Safe for use by many threads.</summary>
public interface IPublisher
{
    /// <param name="samples">May be empty: then nothing is sent.</param>
    /// <exception cref="PublisherException">They did not arrive, or not all of them.</exception>
    Task PublishAsync(IReadOnlyList<SampleInFlight> samples, CancellationToken ct);

    /// <param name="events">May be empty: then nothing is sent.</param>
    /// <exception cref="PublisherException">They did not arrive, or not all of them.</exception>
    /// <exception cref="NotSupportedException">The publisher takes samples only; pipeline files that say otherwise are refused.</exception>
    Task PublishAsync(IReadOnlyList<TelemetryEvent> events, CancellationToken ct);
}

/// <summary>Something could not be published.</summary>
public sealed class PublisherException(string message, Exception? cause = null) : Exception(message, cause);
