using System.Runtime.CompilerServices;

namespace Telemetry.Domain.Streams;

/// <summary>The contract in its shortest form: what other stores are compared with, and a log for tests.</summary>
public sealed class InMemoryEventStore(TimeProvider clock) : IEventStore
{
    private readonly Lock _lock = new();
    private readonly List<RecordedEvent> _log = [];
    private readonly List<AppendResult> _results = []; // of the append that each event of the log came with
    private readonly Dictionary<EventId, int> _byId = [];
    private readonly Dictionary<StreamName, List<(RecordedEvent Event, int Part)>> _streams = [];
    private TaskCompletionSource _appended = NewSignal();

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default)
    {
        NewEvents.Check(events);
        ct.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_byId.TryGetValue(events[0].Id, out var stored))
                return Task.FromResult(_results[stored] with { AlreadyStored = true });
            var versions = new Dictionary<StreamName, long>();
            foreach (var e in events)
                CheckEvent(e, versions);
            var now = clock.GetUtcNow();
            foreach (var e in events)
                Add(e, now);
            var result = new AppendResult(_log.Count, [.. versions.Select(v => new StreamVersion(v.Key, v.Value))], AlreadyStored: false);
            _results.AddRange(Enumerable.Repeat(result, events.Count));
            _appended.SetResult();
            _appended = NewSignal();
            return Task.FromResult(result);
        }
    }

    public async IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask;
        foreach (var e in From(after, out _))
        {
            ct.ThrowIfCancellationRequested();
            yield return e;
        }
    }

    public async IAsyncEnumerable<StreamEvent> ReadStreamAsync(
        StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask;
        (RecordedEvent Event, int Part)[] events;
        lock (_lock)
            events = _streams.TryGetValue(stream, out var known) ? [.. known] : [];
        var forwards = direction == ReadDirection.Forwards;
        var version = forwards ? Math.Max(from, 1) : Math.Min(from, events.Length);
        for (; version >= 1 && version <= events.Length; version += forwards ? 1 : -1)
        {
            ct.ThrowIfCancellationRequested();
            var (e, part) = events[version - 1];
            yield return StreamEvent.Of(e, part);
        }
    }

    public async IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            var events = From(after, out var appended);
            foreach (var e in events)
            {
                ct.ThrowIfCancellationRequested();
                yield return e;
                after = e.Position;
            }
            if (events.Length == 0)
                await appended.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    public Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default)
    {
        lock (_lock)
            return Task.FromResult(_byId.TryGetValue(id, out var index) ? _log[index] : null);
    }

    public Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default)
    {
        lock (_lock)
            return Task.FromResult(position >= 1 && position <= _log.Count ? _log[(int)position - 1] : null);
    }

    public async IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", [EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask;
        StreamVersion[] streams;
        lock (_lock)
            streams = [.. _streams.Select(s => new StreamVersion(s.Key, s.Value.Count))];
        foreach (var stream in streams.OrderBy(s => s.Stream.ToString(), StringComparer.Ordinal))
        {
            ct.ThrowIfCancellationRequested();
            if (stream.Stream.ToString().StartsWith(prefix, StringComparison.Ordinal))
                yield return stream;
        }
    }

    public Task<long> HeadAsync(CancellationToken ct = default)
    {
        lock (_lock)
            return Task.FromResult((long)_log.Count);
    }

    private void CheckEvent(NewEvent e, Dictionary<StreamName, long> versions)
    {
        if (_byId.ContainsKey(e.Id))
            throw new ArgumentException($"Event {e.Id} is stored already.");
        if (e.Body is EventBody.Samples samples && !Array.TrueForAll(samples.Batch.Volumes, double.IsFinite))
            throw new ArgumentException($"Event {e.Id} has a volume that is not finite.");
        if (e.Given is { } given && VersionOf(given.Stream) is var stands && stands != given.Version)
            throw new WrongExpectedVersionException(given.Stream, given.Version, stands);
        foreach (var (stream, expected) in e.Streams)
        {
            var actual = VersionOf(stream);
            if (expected is { } version && version != actual)
                throw new WrongExpectedVersionException(stream, version, actual);
            versions[stream] = actual + 1;
        }

        long VersionOf(StreamName stream) => versions.TryGetValue(stream, out var known) ? known : _streams.TryGetValue(stream, out var events) ? events.Count : 0;
    }

    private void Add(NewEvent e, DateTimeOffset now)
    {
        var streams = new List<StreamVersion>(e.Streams.Count);
        var recorded = new RecordedEvent(_log.Count + 1, e.Id, e.Type, e.Body, streams, e.RecordedAt ?? now, e.Metadata ?? EventMetadata.None);
        foreach (var (stream, _) in e.Streams)
        {
            if (!_streams.TryGetValue(stream, out var events))
                _streams.Add(stream, events = []);
            events.Add((recorded, streams.Count));
            streams.Add(new StreamVersion(stream, events.Count));
        }
        _byId.Add(e.Id, _log.Count);
        _log.Add(recorded);
    }

    /// <summary>The events after a position, and a task that completes with the next append after them.</summary>
    private RecordedEvent[] From(long after, out Task appended)
    {
        lock (_lock)
        {
            appended = _appended.Task;
            return [.. _log.Skip((int)Math.Clamp(after, 0, _log.Count))];
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
