namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>A message of the bus as bytes: what they mean is not MassTransit's to know.</summary>
public sealed record BusMessage(ReadOnlyMemory<byte> Body);
