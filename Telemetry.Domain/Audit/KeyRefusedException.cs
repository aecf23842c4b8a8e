namespace Telemetry.Domain.Audit;

/// <summary>A key cannot be registered or revoked as asked; nothing changed.</summary>
public sealed class KeyRefusedException(string message) : Exception(message);
