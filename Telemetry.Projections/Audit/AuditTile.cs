namespace Telemetry.Projections.Audit;

/// <summary>A tile as it is stored: the nodes that it has so far.</summary>
/// <param name="Nodes">32 bytes each, at most 256.</param>
/// <param name="Positions">Of a lowest tile: the positions of its leaves in the log, 8 bytes each; else null.</param>
internal sealed record AuditTile(int Level, long Index, byte[] Nodes, byte[]? Positions);
