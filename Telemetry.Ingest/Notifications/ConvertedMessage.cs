using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Ingest.Notifications;

/// <summary>What a message gives.</summary>
/// <param name="MessageId">The notification's own id: redelivered, it is the same.</param>
/// <param name="Priority">In lower case.</param>
/// <param name="Problems">Why parts of it give nothing, in words for a log.</param>
/// <param name="RefusedSignatures">How many samples and events in it were signed wrongly; they are among the problems.</param>
public sealed record ConvertedMessage(
    string MessageId, string EventType, string Priority, IReadOnlyList<SampleInFlight> Samples, IReadOnlyList<TelemetryEvent> Events,
    IReadOnlyList<string> Problems, int RefusedSignatures)
{
    /// <summary>Whether these are finished samples or events of another agent, whose pipelines they have been through.</summary>
    public bool IsFinished { get; init; }

    /// <summary>Whether its samples were made by another agent, not here.</summary>
    public bool IsOfAgent => IsFinished || EventType is "telemetry.polling" or "telemetry.api";

    /// <summary>Finished samples as columns, where nothing is wrong with any of them; then there are none in <see cref="Samples"/>.</summary>
    public SampleBatch? Columns { get; init; }
}
