using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Alarms;

/// <summary>An alarm as its events make it: what decisions need, and what the API shows.</summary>
/// <param name="StateReason">Of the last transition.</param>
/// <param name="StateChangedAt">When <paramref name="State"/> was set last.</param>
/// <param name="ChangedAt">When the definition was set last.</param>
/// <param name="EvaluatedAt">When an evaluation told something last; before that, when it was created.</param>
/// <param name="Window">The last evaluated window that led to a transition; null before.</param>
/// <param name="IsDeleted">Its events remain, it can do nothing any more.</param>
/// <param name="Version">How many events made it.</param>
public sealed record Alarm(
    string Id,
    AlarmDefinition Definition,
    AlarmState State,
    string StateReason,
    DateTimeOffset StateChangedAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    DateTimeOffset EvaluatedAt,
    string? Window,
    bool IsDeleted,
    long Version)
{
    public const string NotEvaluatedYet = "Not evaluated yet";
    public const string SetByHand = "Manually set via API";

    /// <summary>Whether the evaluator looks at it.</summary>
    public bool IsEnabled => Definition.IsEnabled && !IsDeleted;

    public StreamName Stream => StreamOf(Id);

    public static StreamName StreamOf(string id) => new(AlarmEvent.Category, id);
}
