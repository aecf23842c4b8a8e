using System.Runtime.CompilerServices;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Sqlite;

internal sealed partial class SqliteEventStore
{
    public IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, CancellationToken ct = default) =>
        ReadRangeAsync(after, Volatile.Read(ref _head), ct);

    public async IAsyncEnumerable<StreamEvent> ReadStreamAsync(
        StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        if (Read(reader => Place(reader, stream)) is not { } found)
            yield break;
        var forwards = direction == ReadDirection.Forwards;
        var next = forwards ? Math.Max(from, 1) : Math.Min(from, found.Last);
        while (next >= 1 && next <= found.Last)
        {
            ct.ThrowIfCancellationRequested();
            var page = Read(reader => next > found.Stored
                ? reader.At([found.Waiting[(int)(next - found.Stored) - 1]])
                : forwards ? reader.Forwards(found.Id, next, found.Stored) : reader.Backwards(found.Id, next));
            foreach (var e in page)
            {
                ct.ThrowIfCancellationRequested();
                yield return e;
            }
            next = page[^1].Version + (forwards ? 1 : -1);
        }
    }

    public IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct) => _feed.SubscribeAsync(after, ReadAllAsync, ct);

    public Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        return Task.FromResult(Read(reader => reader.Find(id)));
    }

    public Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        return Task.FromResult(Read(reader => reader.Find(position)));
    }

    public async IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", [EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        for (string? after = null; ;)
        {
            var later = _index.LastVersions(); // asked before the table
            var page = Read(reader => reader.Streams(prefix, after, later));
            foreach (var stream in page)
            {
                ct.ThrowIfCancellationRequested();
                if (!stream.Stream.ToString().StartsWith(prefix, StringComparison.Ordinal))
                    yield break; // names with the prefix lie together
                yield return stream;
            }
            if (page.Count == 0)
                yield break;
            after = page[^1].Stream.ToString();
        }
    }

    public async IAsyncEnumerable<IndexEntry> ReadIndexAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        var waiting = _index.Waiting(); // asked before the table, which may just be getting it
        var stored = waiting.Count > 0 ? waiting.Min(w => w.Entry.Position) - 1 : long.MaxValue;
        for (var next = (0L, 0L); ;)
        {
            (var page, next) = Read(reader => reader.Index(next));
            foreach (var entry in page)
            {
                ct.ThrowIfCancellationRequested();
                if (entry.Position <= stored)
                    yield return entry;
            }
            if (page.Count == 0)
                break;
        }
        foreach (var (stream, entry) in waiting)
            yield return new(Read(reader => reader.StreamOf(stream)), entry.Version, entry.Position, entry.Part);
    }

    public Task<long> HeadAsync(CancellationToken ct = default) => Task.FromResult(Volatile.Read(ref _head));

    /// <summary>A stream's number, the last version that the table has of it, and what comes after that.</summary>
    private (long Id, long Stored, StreamIndex.Entry[] Waiting, long Last)? Place(EventLogReader reader, StreamName stream)
    {
        if (reader.Stream(stream) is not { } before)
            return null;
        var waiting = _index.Waiting(before.Id);
        if (waiting.Length > 0)
            return (before.Id, waiting[0].Version - 1, waiting, waiting[^1].Version);
        var stored = reader.Stream(stream)!.Value.Version; // asked after the index, which may just have been written
        return stored == 0 ? null : (before.Id, stored, [], stored);
    }

    /// <summary>Reads pages of the log; each is read and unpacked while the one before is being used.</summary>
    private async IAsyncEnumerable<RecordedEvent> ReadRangeAsync(long after, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        if (after >= to)
            yield break;
        var next = Task.FromResult(Page(after));
        try
        {
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                var page = await next.ConfigureAwait(false);
                if (page.Count == 0)
                    yield break;
                var last = page[^1].Position;
                if (last < to)
                    next = Task.Run(() => Page(last), CancellationToken.None);
                foreach (var e in page)
                {
                    ct.ThrowIfCancellationRequested();
                    yield return e;
                }
                if (last >= to)
                    yield break;
            }
        }
        finally
        {
            await next.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .ConfigureAwait(false); // the page that nobody wants any more: whatever became of it
        }

        List<RecordedEvent> Page(long position) => Read(reader => reader.All(position, to));
    }

    private T Read<T>(Func<EventLogReader, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_readers.TryTake(out var reader))
            reader = new EventLogReader(_file.OpenReader(), _catalog, _names);
        try
        {
            return read(reader);
        }
        finally
        {
            if (_disposed)
                reader.Dispose();
            else
                _readers.Add(reader);
        }
    }
}
