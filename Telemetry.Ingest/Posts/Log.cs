using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Posts;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "A POST could not be handed over: {Reason}")]
    public static partial void PostNotSent(this ILogger logger, string reason);
}
