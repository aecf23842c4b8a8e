namespace Telemetry.Projections.Rating;

/// <summary>A tariff cannot be read, or cannot be applied to what was measured; the message names line, field and value.</summary>
public sealed class TariffException(string message, Exception? cause = null) : Exception(message, cause);
