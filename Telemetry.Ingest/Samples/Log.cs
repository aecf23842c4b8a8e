using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Samples;

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Samples refused ({Reason}): {Message} ({Unlogged} more refusals before this one were not logged)")]
    public static partial void SamplesRefused(ILogger logger, string reason, string message, int unlogged);
}
