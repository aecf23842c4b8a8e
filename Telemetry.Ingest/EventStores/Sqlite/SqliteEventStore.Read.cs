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
        if (Read(reader => reader.Stream(stream)) is not { } found)
            yield break;
        var forwards = direction == ReadDirection.Forwards;
        var next = forwards ? Math.Max(from, 1) : Math.Min(from, found.Version);
        while (next >= 1 && next <= found.Version)
        {
            ct.ThrowIfCancellationRequested();
            var page = Read(reader => forwards ? reader.Forwards(found.Id, next, found.Version) : reader.Backwards(found.Id, next));
            foreach (var e in page)
            {
                ct.ThrowIfCancellationRequested();
                yield return e;
            }
            next = page[^1].Version + (forwards ? 1 : -1);
        }
    }

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
            var page = Read(reader => reader.Streams(prefix, after));
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

    public Task<long> HeadAsync(CancellationToken ct = default) => Task.FromResult(Volatile.Read(ref _head));

    private async IAsyncEnumerable<RecordedEvent> ReadRangeAsync(long after, long to, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        while (after < to)
        {
            ct.ThrowIfCancellationRequested();
            var page = Read(reader => reader.All(after, to));
            if (page.Count == 0)
                yield break;
            foreach (var e in page)
            {
                ct.ThrowIfCancellationRequested();
                yield return e;
            }
            after = page[^1].Position;
        }
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
