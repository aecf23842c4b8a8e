using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Alarms;

/// <summary>Asks for alarms.</summary>
/// <param name="Filter">On the fields of <see cref="AlarmRow"/>. The caller's scope is part of it.</param>
/// <param name="OrderBy">Empty: newest definition first. Ties fall back to that, then to the id.</param>
/// <param name="After">The id of the last alarm of the page before; null from the start.</param>
/// <param name="Limit">At least 1; null for all.</param>
public sealed record AlarmQuery(Predicate Filter, IReadOnlyList<AlarmSortKey> OrderBy, string? After = null, int? Limit = null);

/// <summary>Asks for records of history.</summary>
/// <param name="Filter">On the fields of <see cref="AlarmChangeRow"/>.</param>
/// <param name="OrderBy">Empty: newest first.</param>
/// <param name="After">The event id of the last record of the page before; null from the start.</param>
/// <param name="Limit">At least 1; null for all.</param>
/// <param name="IncludeDeleted">Whether alarms that are deleted count.</param>
public sealed record AlarmHistoryQuery(
    Predicate Filter, IReadOnlyList<AlarmSortKey> OrderBy, string? After = null, int? Limit = null, bool IncludeDeleted = false);

/// <summary>A field to sort by, with the API's name.</summary>
public readonly record struct AlarmSortKey(string Field, bool Descending);

/// <summary>A page cannot begin after something that is not in the answer.</summary>
public sealed class UnknownMarkerException(string marker) : Exception($"Marker {marker} not found.");

/// <summary>Answers questions about alarms.</summary>
/// <remarks>Nothing here scopes, but for what the filter says. An answer holds every change that <see cref="IAlarmFeed.Apply"/> was told of before.</remarks>
public interface IAlarmReader
{
    /// <summary>The alarm of an id, null where there is none (any more).</summary>
    ValueTask<Alarm?> FindAsync(string id, CancellationToken ct = default);

    /// <exception cref="UnknownMarkerException">The query begins after an alarm that it does not select.</exception>
    ValueTask<IReadOnlyList<Alarm>> ListAsync(AlarmQuery query, CancellationToken ct = default);

    /// <summary>How many alarms a project or a user has; either may be null for any.</summary>
    ValueTask<int> CountAsync(string? projectId, string? userId, CancellationToken ct = default);

    /// <exception cref="UnknownMarkerException">The query begins after a record that it does not select.</exception>
    ValueTask<IReadOnlyList<AlarmChange>> HistoryAsync(AlarmHistoryQuery query, CancellationToken ct = default);

    /// <summary>The alarms that the evaluator looks at on its clock: enabled ones, but for those on events; as they are now.</summary>
    IReadOnlyList<Alarm> Enabled();

    /// <summary>Notes the ids of all alarms that change from now on, deleted ones too, until disposed.</summary>
    AlarmWatch Watch();

    /// <summary>The enabled alarms of a project whose rule is on events, and may match a type of event.</summary>
    /// <param name="projectId">Empty for alarms without a project.</param>
    IReadOnlyList<Alarm> OnEvent(string projectId, string eventType);
}

/// <summary>Takes what happened to alarms as it happens.</summary>
public interface IAlarmFeed
{
    /// <summary>Takes an event over. One that is known already is passed over, one that comes too early is too: it comes again with the log.</summary>
    void Apply(StreamName stream, long version, AlarmEvent happened);
}
