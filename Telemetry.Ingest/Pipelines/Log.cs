using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Pipelines;

/// <summary>What pipelines log.</summary>
internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Publisher {Publisher} cannot be made; nothing is sent to it")]
    public static partial void NotMade(this ILogger logger, Exception exception, string publisher);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} items of sink {Sink} were not published to {Publisher}")]
    public static partial void NotPublished(this ILogger logger, Exception exception, int count, string sink, string publisher);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state of the pipelines in {File} cannot be taken up; transformers start anew")]
    public static partial void StateUnreadable(this ILogger logger, Exception exception, string file);
}
