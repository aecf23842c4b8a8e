namespace Telemetry.Domain.Alarms;

/// <summary>The alarms that changed since they were taken last. Safe for use by many threads.</summary>
/// <param name="end">Called when it is disposed.</param>
public sealed class AlarmWatch(Action<AlarmWatch> end) : IDisposable
{
    private readonly Lock _lock = new();
    private HashSet<string> _changed = new(StringComparer.Ordinal);

    public void Note(string alarmId)
    {
        lock (_lock)
            _changed.Add(alarmId);
    }

    /// <summary>Their ids, each once.</summary>
    public IReadOnlyCollection<string> Take()
    {
        lock (_lock)
        {
            var taken = _changed;
            if (taken.Count > 0)
                _changed = new(StringComparer.Ordinal);
            return taken;
        }
    }

    public void Dispose() => end(this);
}
