using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Notifications;

/// <summary>Logs what is wrong with messages: of one event type and exchange once in ten seconds, with how often it went unlogged, so that a broken sender cannot fill a disk.</summary>
internal sealed class NotificationLog(TimeProvider clock, ILogger<NotificationLog> logger)
{
    private const int MaxKinds = 1_000;
    private const int MaxReason = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string, string?), Kind> _kinds = new();

    /// <summary>Parts of a message gave nothing.</summary>
    public void Problems(string exchange, string eventType, IReadOnlyList<string> reasons)
    {
        if (IsDue(exchange, eventType, out var unlogged))
            logger.Problems(reasons.Count, eventType, exchange, Cut(reasons[0]), unlogged);
    }

    /// <summary>A message gave nothing and goes where a person looks at it.</summary>
    public void Refused(string exchange, string? eventType, Exception reason)
    {
        if (IsDue(exchange, eventType, out var unlogged))
            logger.Refused(reason is MalformedMessageException ? null : reason, eventType ?? "(unknown)", exchange, Cut(reason.Message), unlogged);
    }

    private static string Cut(string reason) => reason.Length <= MaxReason ? reason : $"{reason.AsSpan(0, MaxReason)}…";

    private bool IsDue(string exchange, string? eventType, out int unlogged)
    {
        if (_kinds.Count > MaxKinds) // names are the senders' to choose
            _kinds.Clear();
        var kind = _kinds.GetOrAdd((exchange, eventType), static _ => new());
        lock (kind)
        {
            if (kind.LoggedAt is { } at && clock.GetElapsedTime(at) < Pause)
            {
                unlogged = ++kind.Unlogged;
                return false;
            }
            (unlogged, kind.Unlogged, kind.LoggedAt) = (kind.Unlogged, 0, clock.GetTimestamp());
            return true;
        }
    }

    private sealed class Kind
    {
        public long? LoggedAt { get; set; }
        public int Unlogged { get; set; }
    }
}

internal static partial class Log
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Count} parts of a message {EventType} from exchange {Exchange} gave nothing; the first: {Reason} ({Unlogged} more such messages went unlogged)")]
    public static partial void Problems(this ILogger logger, int count, string eventType, string exchange, string reason, int unlogged);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "A message {EventType} from exchange {Exchange} goes to the error queue: {Reason} ({Unlogged} more such messages went unlogged)")]
    public static partial void Refused(this ILogger logger, Exception? exception, string eventType, string exchange, string reason, int unlogged);
}
