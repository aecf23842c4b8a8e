using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Alarms;

/// <summary>The projects' own limits on the number of their alarms, each in its stream.</summary>
public sealed class AlarmQuotas(IEventStore store, TimeProvider time)
{
    /// <summary>The project's own limit, -1 for unlimited; null where it has none.</summary>
    public async Task<int?> LimitAsync(string projectId, CancellationToken ct = default) =>
        StreamOf(projectId) is { } stream ? (await LoadAsync(stream, ct)).Limit : null;

    /// <param name="limit">-1 for unlimited.</param>
    /// <exception cref="AlarmRefusedException">The project's id is empty or too long.</exception>
    public Task SetAsync(AlarmCaller caller, string projectId, int limit, CancellationToken ct = default) =>
        ExecuteAsync(projectId, new QuotaCommand.Set(projectId, limit, ActorOn(caller, projectId), Now), ct);

    /// <exception cref="AlarmRefusedException">The project's id is empty or too long.</exception>
    public Task RemoveAsync(AlarmCaller caller, string projectId, CancellationToken ct = default) =>
        ExecuteAsync(projectId, new QuotaCommand.Remove(projectId, ActorOn(caller, projectId), Now), ct);

    private DateTimeOffset Now => UnixMicroseconds.ToDateTimeOffset(UnixMicroseconds.From(time.GetUtcNow()));

    private static Actor ActorOn(AlarmCaller caller, string projectId) => new(caller.UserId, caller.ProjectId, projectId);

    private static StreamName? StreamOf(string projectId) => projectId.Length is > 0 and <= 256 ? new StreamName(QuotaEvent.Category, projectId) : null;

    private async Task ExecuteAsync(string projectId, QuotaCommand command, CancellationToken ct)
    {
        if (StreamOf(projectId) is not { } stream)
            throw AlarmRefusedException.InvalidInput("project_id", projectId, "It has 1 to 256 characters.");
        for (var attempt = 1; ; attempt++)
        {
            var (limit, version) = await LoadAsync(stream, ct);
            if (QuotaDecider.Decide(command, limit) is not [var happened])
                return;
            try
            {
                await store.AppendAsync([new NewEvent(EventId.New(), happened.Type, QuotaEvents.Write(happened), [new(stream, version)])], ct);
                return;
            }
            catch (WrongExpectedVersionException) when (attempt < 10)
            {
                // Another writer came between: the last one wins.
            }
        }
    }

    private async Task<(int? Limit, long Version)> LoadAsync(StreamName stream, CancellationToken ct)
    {
        // The last event alone says what holds.
        await foreach (var stored in store.ReadStreamAsync(stream, long.MaxValue, ReadDirection.Backwards, ct))
        {
            return stored.Event.Body is EventBody.Json json
                ? (QuotaDecider.Evolve(null, QuotaEvents.Read(stored.Event.Type, json.Utf8)), stored.Version)
                : throw new FormatException($"Event {stored.Event.Id} in {stream} is no event of a quota.");
        }
        return (null, 0);
    }
}
