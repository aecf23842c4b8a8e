using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Alarms;

/// <summary>Loads an alarm's stream, lets the decider decide, and appends what follows.</summary>
public sealed class AlarmStore(IEventStore store, IAlarmFeed feed, TimeProvider time)
{
    /// <summary>How often a command is decided anew where somebody else was faster.</summary>
    private const int MaxAttempts = 10;

    /// <summary>UTC, of microseconds, as it is stored.</summary>
    public DateTimeOffset Now => UnixMicroseconds.ToDateTimeOffset(UnixMicroseconds.From(time.GetUtcNow()));

    /// <summary>The alarm as its stream makes it, deleted ones too; null where there is none.</summary>
    public async Task<Alarm?> LoadAsync(string id, CancellationToken ct = default)
    {
        if (id.Length is 0 or > 256)
            return null;
        Alarm? alarm = null;
        await foreach (var stored in store.ReadStreamAsync(Alarm.StreamOf(id), ct: ct))
        {
            var happened = AlarmEvents.Read(stored.Event);
            alarm = AlarmDecider.Evolve(alarm, happened);
            feed.Apply(stored.Stream, stored.Version, happened);
        }
        return alarm;
    }

    /// <summary>Carries out a command on an alarm, again where another writer came between.</summary>
    /// <param name="decide">Makes the command out of the alarm as it is; may refuse.</param>
    /// <returns>The alarm afterwards.</returns>
    /// <exception cref="AlarmRefusedException">There is no such alarm, or the command was refused.</exception>
    /// <exception cref="WrongExpectedVersionException">Others came between every time.</exception>
    public async Task<Alarm> ExecuteAsync(string id, Func<Alarm, ValueTask<AlarmCommand>> decide, CancellationToken ct = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            var alarm = await LoadAsync(id, ct);
            if (alarm is null or { IsDeleted: true })
                throw AlarmRefusedException.NotFound(id);
            try
            {
                return (await AppendAsync(alarm, AlarmDecider.Decide(await decide(alarm), alarm), EventId.New(), ct)).Alarm;
            }
            catch (WrongExpectedVersionException) when (attempt < MaxAttempts)
            {
                // Decided on an alarm that has changed meanwhile: look at it again.
            }
        }
    }

    /// <summary>Appends the first events of a new alarm.</summary>
    public async Task<Alarm> CreateAsync(AlarmCommand.Create command, CancellationToken ct = default)
    {
        var events = AlarmDecider.Decide(command, null);
        await AppendAsync(Alarm.StreamOf(command.AlarmId), 0, events, EventId.New(), ct);
        return AlarmDecider.Fold(events)!;
    }

    /// <summary>Appends events that were decided on an alarm.</summary>
    /// <param name="id">The same id twice is one append.</param>
    /// <returns>The alarm afterwards, and whether it was this append that stored the events.</returns>
    /// <exception cref="WrongExpectedVersionException">The alarm has changed since.</exception>
    public async Task<(Alarm Alarm, bool Stored)> AppendAsync(Alarm alarm, IReadOnlyList<AlarmEvent> events, EventId id, CancellationToken ct = default)
    {
        if (events is [])
            return (alarm, false);
        var stored = await AppendAsync(alarm.Stream, alarm.Version, events, id, ct);
        return (events.Aggregate(alarm, AlarmDecider.Evolve), stored);
    }

    private async Task<bool> AppendAsync(StreamName stream, long version, IReadOnlyList<AlarmEvent> events, EventId id, CancellationToken ct)
    {
        var result = await store.AppendAsync(
            events.Select((e, i) => new NewEvent(i == 0 ? id : EventId.New(), e.Type, AlarmEvents.Write(e), [new(stream, version + i)])).ToList(), ct);
        if (result.AlreadyStored)
            return false;
        for (var i = 0; i < events.Count; i++)
            feed.Apply(stream, version + i + 1, events[i]);
        return true;
    }
}
