using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Pipelines;

/// <summary>What pipelines log.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Publisher {Publisher} cannot be made; nothing is sent to it")]
    public static partial void NotMade(this ILogger logger, Exception exception, string publisher);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Count} items of sink {Sink} were not published to {Publisher}")]
    public static partial void NotPublished(this ILogger logger, Exception exception, int count, string sink, string publisher);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "The state of the pipelines in {File} cannot be taken up; transformers start anew")]
    public static partial void StateUnreadable(this ILogger logger, Exception exception, string file);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The log takes nothing at the moment; it is asked again in {Seconds} s: {Reason}")]
    public static partial void StoreAway(this ILogger logger, double seconds, string reason);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "A sample is not kept: {Reason}")]
    public static partial void SampleNotKept(this ILogger logger, string reason);

    [LoggerMessage(EventId = 6, Level = LogLevel.Error, Message = "The state of the pipelines cannot be saved; what was taken in is not acknowledged until it can")]
    public static partial void StateNotSaved(this ILogger logger, Exception exception);
}
