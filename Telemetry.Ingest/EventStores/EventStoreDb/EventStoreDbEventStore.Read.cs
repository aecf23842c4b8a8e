using System.Runtime.CompilerServices;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

internal sealed partial class EventStoreDbEventStore
{
    private const int ConcurrentQuestions = 32;

    public async IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var to = await HeadAsync(ct).ConfigureAwait(false);
        after = Math.Max(after, 0);
        var next = RangeAsync(after, to, ct);
        while (after < to)
        {
            var page = await next.ConfigureAwait(false);
            if (page.Count == 0)
                yield break;
            after = page[^1].Event.Position;
            next = RangeAsync(after, to, ct); // read and unpacked while this one is being used
            foreach (var record in page)
            {
                ct.ThrowIfCancellationRequested();
                yield return record.Event;
            }
        }
    }

    public async IAsyncEnumerable<StreamEvent> ReadStreamAsync(
        StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await CatchUpAsync(ct).ConfigureAwait(false);
        var tail = _tail.Find(stream);
        var last = tail.Count > 0 ? tail[^1].Version : await VersionOfAsync(stream, ct).ConfigureAwait(false);
        var stored = tail.Count > 0 ? tail[0].Version - 1 : last; // the last version that the index has
        var forwards = direction == ReadDirection.Forwards;
        var next = forwards ? Math.Max(from, 1) : Math.Min(from, last);
        while (next >= 1 && next <= last)
        {
            foreach (var e in next > stored
                ? [await EventAsync(tail[(int)(next - stored) - 1], ct).ConfigureAwait(false)]
                : await IndexedAsync(stream, next, forwards ? stored - next + 1 : next, !forwards, ct).ConfigureAwait(false))
            {
                ct.ThrowIfCancellationRequested();
                yield return e;
                next = e.Version + (forwards ? 1 : -1);
            }
        }
    }

    public IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct) => _feed.SubscribeAsync(after, ReadAllAsync, ct);

    public async Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default) =>
        await PositionOfAsync(id, ct).ConfigureAwait(false) is { } position ? await FindAsync(position, ct).ConfigureAwait(false) : null;

    public async Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default) =>
        position >= 1 && await PageAsync(position - 1, 1, ct).ConfigureAwait(false) is [{ Event: var e }] && e.Position == position ? e : null;

    public async Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<EventId> ids, CancellationToken ct = default)
    {
        var positions = await TogetherAsync(ids.Distinct(), id => PositionOfAsync(id, ct)).ConfigureAwait(false);
        return await FindAsync([.. positions.OfType<long>()], ct).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<long> positions, CancellationToken ct = default) =>
        [.. (await TogetherAsync(positions.Distinct().Order(), position => FindAsync(position, ct)).ConfigureAwait(false)).OfType<RecordedEvent>()];

    public async IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", [EnumeratorCancellation] CancellationToken ct = default)
    {
        await CatchUpAsync(ct).ConfigureAwait(false);
        var names = new SortedSet<string>(_tail.Streams().Select(s => s.ToString()).Where(s => s.StartsWith(prefix, StringComparison.Ordinal)), StringComparer.Ordinal); // before the index
        names.UnionWith(await AskAsync(() => _index.NamesAsync(prefix, ct)).ConfigureAwait(false));
        foreach (var page in names.Chunk(ConcurrentQuestions))
        {
            var streams = Array.ConvertAll(page, name => StreamName.Parse(name)!.Value);
            var versions = await Task.WhenAll(streams.Select(s => VersionOfAsync(s, ct))).ConfigureAwait(false);
            foreach (var (stream, version) in streams.Zip(versions))
            {
                ct.ThrowIfCancellationRequested();
                if (version > 0)
                    yield return new(stream, version);
            }
        }
    }

    public async IAsyncEnumerable<IndexEntry> ReadIndexAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        await CatchUpAsync(ct).ConfigureAwait(false);
        _tail.Indexed(await AskAsync(() => _index.IndexedAsync(ct)).ConfigureAwait(false)); // another process may have done it
        var waiting = _tail.Take(int.MaxValue);
        var indexed = waiting is [var first, ..] ? first.Position - 1 : long.MaxValue;
        await using var entries = _index.ReadAsync(ct).GetAsyncEnumerator(ct);
        while (await AskAsync(async () => await entries.MoveNextAsync().ConfigureAwait(false)).ConfigureAwait(false))
        {
            if (entries.Current.Position <= indexed)
                yield return entries.Current;
        }
        foreach (var entry in waiting.SelectMany(e => IndexEntry.Of(e.Position, e.Streams)))
            yield return entry;
    }

    public async Task<long> HeadAsync(CancellationToken ct = default)
    {
        await CatchUpAsync(ct).ConfigureAwait(false);
        return _tail.Head;
    }

    private async Task<long?> PositionOfAsync(EventId id, CancellationToken ct)
    {
        var position = _tail.Find(id)?.Position ?? await AskAsync(() => _index.FindAsync(id, ct)).ConfigureAwait(false);
        if (position is not null)
            return position;
        await CatchUpAsync(ct).ConfigureAwait(false); // another process may have written it just now
        return _tail.Find(id)?.Position;
    }

    /// <summary>Asks for some things at the same time: the protocol has no question for several, but an answer is not waited for before the next is asked.</summary>
    private static async Task<List<TAnswer>> TogetherAsync<T, TAnswer>(IEnumerable<T> things, Func<T, Task<TAnswer>> ask)
    {
        var answers = new List<TAnswer>();
        foreach (var some in things.Chunk(ConcurrentQuestions))
            answers.AddRange(await Task.WhenAll(some.Select(ask)).ConfigureAwait(false));
        return answers;
    }

    /// <summary>Events of the log after a position up to another.</summary>
    private Task<List<LogRecord>> RangeAsync(long after, long to, CancellationToken ct) =>
        after >= to ? Task.FromResult<List<LogRecord>>([]) : Task.Run(() => PageAsync(after, (int)Math.Min(to - after, PageEvents), ct), ct);

    /// <summary>A stream's last version, 0 where it has none: nobody has written to it, or it was deleted.</summary>
    private async Task<long> VersionOfAsync(StreamName stream, CancellationToken ct)
    {
        if (_tail.VersionOf(stream) is { } known)
            return known;
        try
        {
            return await _index.VersionOfAsync(stream, ct).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.IsStreamDeleted)
        {
            return 0;
        }
        catch (GrpcException e)
        {
            throw Translate(e);
        }
    }

    private async Task<StreamEvent> EventAsync((long Version, long Position, int Part) entry, CancellationToken ct) =>
        StreamEvent.Of(await FindAsync(entry.Position, ct).ConfigureAwait(false) ?? throw new InvalidDataException($"The log has no event at position {entry.Position}."), entry.Part);

    /// <summary>Events of a stream from a version on, as its links lead to them; at least one.</summary>
    private async Task<List<StreamEvent>> IndexedAsync(StreamName stream, long from, long count, bool backwards, CancellationToken ct)
    {
        var page = await AskAsync(() => _client.ReadAsync(
            _streams.Of(stream), from - 1, backwards, (int)Math.Min(count, PageEvents), resolveLinks: true, PageBytes, ct)).ConfigureAwait(false);
        var events = new List<StreamEvent>(page.Count);
        foreach (var e in page)
        {
            var version = from + (backwards ? -events.Count : events.Count);
            if ((long)(e.Link ?? e.Event!).Revision + 1 != version)
                break; // the server passes over what the stream's metadata hides
            var record = e is { Event: not null, Link: not null } ? (await RecordAsync(e.Event, ct).ConfigureAwait(false)).Event : null;
            var part = record is null ? -1 : record.Streams.Index().Where(s => s.Item == new StreamVersion(stream, version)).Select(s => s.Index).FirstOrDefault(-1);
            if (part < 0 && events.Count > 0)
                break; // what comes before is good
            if (part < 0)
                throw new InvalidDataException($"Event {version - 1} of stream '{stream}' leads to {(record is null ? "no event" : $"position {record.Position}")} of the log, where version {version} is not.");
            events.Add(StreamEvent.Of(record!, part));
        }
        return events.Count > 0 ? events : throw new InvalidDataException($"Stream '{stream}' has no event {from - 1} in EventStoreDB, although it ends later: it was cut off or deleted.");
    }
}
