using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Events;

/// <summary>One generation of telemetry events: what is stored, and in memory what came since.</summary>
/// <remarks>One thread applies; <see cref="Flush"/> and readers run beside it.</remarks>
internal sealed class EventModel(IEventTables tables) : IStoredModel
{
    /// <summary>How many events of the log without telemetry events weigh as much as one telemetry event: only the checkpoint moves.</summary>
    private const int PassedPerUnit = 10;

    private readonly Lock _lock = new();
    private readonly List<TelemetryEventRow> _tail = [];
    private readonly HashSet<string> _tailIds = []; // message ids
    private TaskCompletionSource? _retired;
    private int _readers;
    private long _stored; // the number of the last event that is stored; those of the tail follow it
    private long _storedPosition;
    private long _passed;

    public IEventTables Tables => tables;
    IProjectionTables IStoredModel.Tables => tables;

    /// <summary>The position of the last event that was applied.</summary>
    public long Position { get; private set; }

    /// <summary>Telemetry events that are not stored yet, and a share for the rest of the log.</summary>
    public long Unflushed
    {
        get
        {
            lock (_lock)
                return _tail.Count + ((_passed + PassedPerUnit - 1) / PassedPerUnit);
        }
    }

    public IReadOnlyList<long> Stored => [Volatile.Read(ref _storedPosition)];

    public bool Load()
    {
        if (tables.Positions() is not [var position])
            return false;
        tables.Load();
        (Position, _storedPosition, _stored) = (position, position, tables.LastNumber());
        return true;
    }

    /// <summary>Events have the same numbers in every process: those of the tail that are stored are in the tables under theirs.</summary>
    public bool Follow()
    {
        if (tables.Positions() is not [var position])
            return false;
        if (position != _storedPosition)
            tables.Load(); // what another process has given numbers to
        lock (_lock)
        {
            Forget(_tail.TakeWhile(row => row.Position <= position).ToArray(), position);
            if (position >= Position)
                _passed = 0;
        }
        return true;
    }

    /// <summary>Takes the telemetry events of an event, all or none; those whose message id is known are no news.</summary>
    public void Apply(RecordedEvent recorded)
    {
        var events = TelemetryEventsRecorded.Read(recorded);
        var fresh = events.Count == 0 ? events : Fresh(events);
        lock (_lock)
        {
            foreach (var e in fresh)
            {
                _tail.Add(new(e, new(e.GeneratedAt, _stored + _tail.Count + 1), recorded.Position));
                _tailIds.Add(e.MessageId);
            }
            if (fresh.Count == 0)
                _passed++;
            Position = recorded.Position;
        }
    }

    /// <param name="live">Whether the checkpoint is written too; a generation that is being built has none.</param>
    public void Flush(IReadOnlyList<int> ranges, bool live, bool whole = true)
    {
        TelemetryEventRow[] rows;
        long position, passed;
        lock (_lock)
            (rows, position, passed) = ([.. _tail], Position, _passed);
        tables.Write(rows, position, live);
        lock (_lock)
        {
            Forget(rows, position);
            _passed -= passed;
        }
    }

    /// <summary>Begins to read; null where no reader is let in any more.</summary>
    public Reading? TryRead()
    {
        lock (_lock)
        {
            if (_retired is not null)
                return null;
            _readers++;
            return new(this, [.. _tail], _stored);
        }
    }

    /// <summary>Lets no reader in any more; completes when the last one is gone.</summary>
    public Task RetireAsync()
    {
        lock (_lock)
        {
            _retired ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_readers == 0)
                _retired.TrySetResult();
            return _retired.Task;
        }
    }

    /// <summary>Leaves to the tables what they hold, the first of the tail.</summary>
    private void Forget(TelemetryEventRow[] rows, long position)
    {
        _tail.RemoveRange(0, rows.Length);
        foreach (var row in rows)
            _tailIds.Remove(row.Event.MessageId);
        _stored += rows.Length;
        Volatile.Write(ref _storedPosition, position);
    }

    private List<TelemetryEvent> Fresh(IReadOnlyList<TelemetryEvent> events)
    {
        List<TelemetryEvent> fresh;
        long stored; // beyond it another process may have stored these very events
        lock (_lock)
            (fresh, stored) = ([.. events.Where(e => !_tailIds.Contains(e.MessageId)).DistinctBy(e => e.MessageId)], _stored);
        var known = tables.Known(fresh.ConvertAll(e => e.MessageId), stored);
        fresh.RemoveAll(e => known.Contains(e.MessageId));
        return fresh;
    }

    /// <summary>The events as they were at one moment: the stored ones up to a number, and the tail.</summary>
    public sealed class Reading(EventModel model, TelemetryEventRow[] tail, long stored) : IDisposable
    {
        private int _left;

        public IEventTables Tables => model.Tables;

        /// <summary>In the order of arrival.</summary>
        public IReadOnlyList<TelemetryEventRow> Tail => tail;

        /// <summary>The number of the last stored event; what has a higher one in the tables is in the tail, or later.</summary>
        public long Stored => stored;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) != 0)
                return;
            lock (model._lock)
            {
                if (--model._readers == 0)
                    model._retired?.TrySetResult();
            }
        }
    }
}
