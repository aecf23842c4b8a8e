namespace Telemetry.Ingest.Datagrams;

/// <summary>Bytes are no MessagePack, or more than is read.</summary>
internal sealed class MessagePackException(string reason) : Exception(reason);
