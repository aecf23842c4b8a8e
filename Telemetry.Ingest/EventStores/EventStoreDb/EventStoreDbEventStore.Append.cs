using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.EventStoreDb.Protocol;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

internal sealed partial class EventStoreDbEventStore
{
    private const int RetryMilliseconds = 100;

    private int _maxAppendBytes = 1 << 20; // of one request, by what EventStoreDbClient.SizeOf says; the servers' default up to 24.10
    private bool _uncertain; // a write was lost on its way: what is stored is asked for, not assumed

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(IEventStore));
        _outage.Check();
        return _queue.AppendAsync(events, ct);
    }

    private void WriteGroup(List<PendingAppend> group)
    {
        _outage.FailOld(group);
        var giveUpAt = Environment.TickCount64 + 1_000L * _options.TimeoutSeconds;
        var now = _clock.GetUtcNow(); // the same when it is repeated: what is stored twice must be the same
        while (group.Count > 0)
        {
            try
            {
                WriteAsync(group, now).GetAwaiter().GetResult();
                if (_outage.End())
                    Log.Available(_logger);
                return;
            }
            catch (GrpcException e) when (e.MaxAppendSize is { } bytes && bytes < _maxAppendBytes)
            {
                Log.AppendSizeLowered(_logger, bytes);
                _maxAppendBytes = bytes;
            }
            catch (Exception e) when (e is GrpcException { IsLost: true } or EventStoreBusyException)
            {
                // The ids of the events tell what was stored, should the answer alone have been lost.
                _uncertain = true;
                group.RemoveAll(a => a.Completion.IsCompleted);
                if (Environment.TickCount64 < giveUpAt && !_disposed && !_closing.Token.WaitHandle.WaitOne(RetryMilliseconds))
                {
                    Log.WriteRepeated(_logger, group.Count, e);
                    continue;
                }
                Log.Unavailable(_logger, e);
                _outage.Begin();
                group.ForEach(a => a.Fail(Translate(e)));
                return;
            }
            catch (Exception e) // whatever it is, the callers wait for an answer
            {
                Log.WriteFailed(_logger, group.Count, Translate(e));
                _uncertain = true;
                group.RemoveAll(a => a.Completion.IsCompleted);
                if (group.Count == 1)
                {
                    group[0].Fail(Translate(e));
                    return;
                }
                // One append may be what made the group fail, so each is tried on its own before it is refused.
                foreach (var append in group.ToList())
                    WriteGroup([append]);
                return;
            }
        }
    }

    private async Task WriteAsync(List<PendingAppend> group, DateTimeOffset now)
    {
        await MakeRoomAsync().ConfigureAwait(false);
        await _advancing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_uncertain)
                await ReadNewAsync(default).ConfigureAwait(false);
            _uncertain = false;
            var left = group.Where(a => !a.Completion.IsCompleted).ToList();
            while (left.Count > 0)
            {
                var written = await WriteSomeAsync(left, now).ConfigureAwait(false);
                left.RemoveAll(a => a.Completion.IsCompleted);
                if (!written && left.Count > 0)
                    await ReadNewAsync(default).ConfigureAwait(false); // where another process has written, its events come first
            }
        }
        finally
        {
            _advancing.Release();
        }
        _unindexed.Release();
    }

    /// <summary>While the index is far behind, the log waits for it: a reader keeps all that is not indexed in memory.</summary>
    private async Task MakeRoomAsync()
    {
        while (_tail.Count >= MaxTail)
        {
            _unindexed.Release();
            if (!await _indexed.WaitAsync(RetryAfter * _options.TimeoutSeconds, _closing.Token).ConfigureAwait(false))
                throw new EventStoreBusyException($"{_tail.Count} events of the log in EventStoreDB wait to be indexed.");
        }
    }

    /// <summary>Writes appends, in as many requests as they need, as long as the log stands where we know it to.</summary>
    /// <returns>False where it stands elsewhere by now, or something else is left to do.</returns>
    private async Task<bool> WriteSomeAsync(List<PendingAppend> appends, DateTimeOffset now)
    {
        var known = await KnownAsync(appends).ConfigureAwait(false);
        var draft = new LogDraft(_tail, known.Versions, now);
        var requests = new List<(List<PendingAppend> Appends, List<LogRecord> Records, List<ProposedEvent> Events, int Bytes)>();
        var repeats = new List<(PendingAppend Append, PendingAppend First)>(); // of an append of the same request
        var firsts = new Dictionary<EventId, PendingAppend>();
        var complete = true;
        foreach (var append in appends)
        {
            var drafted = false;
            try
            {
                if (firsts.TryGetValue(append.Events[0].Id, out var first))
                {
                    repeats.Add((append, first));
                    continue;
                }
                if (known.Ids.TryGetValue(append.Events[0].Id, out var position))
                {
                    append.Result = await ResultAsync(position).ConfigureAwait(false);
                    append.Succeed();
                    continue;
                }
                if (append.Events.FirstOrDefault(e => known.Ids.ContainsKey(e.Id) || firsts.ContainsKey(e.Id)) is { } stored)
                    throw new ArgumentException($"Event {stored.Id} is stored already.");
                var bodies = append.Events.Select(LogRecord.BodyOf).ToList();
                var records = draft.Add(append);
                drafted = true;
                var events = await FitAsync(records, bodies).ConfigureAwait(false);
                foreach (var e in append.Events)
                    firsts.Add(e.Id, append);
                var bytes = events.Sum(EventStoreDbClient.SizeOf);
                if (requests.Count == 0 || requests[^1].Bytes + bytes > _maxAppendBytes)
                    requests.Add(([], [], [], 0));
                var request = requests[^1];
                request.Appends.Add(append);
                request.Records.AddRange(records);
                request.Events.AddRange(events);
                requests[^1] = request with { Bytes = request.Bytes + bytes };
            }
            catch (Exception e) when (e is WrongExpectedVersionException or ArgumentException)
            {
                append.Fail(e);
                complete = !drafted;
            }
            if (!complete)
                break; // the draft counts on what is not written: the rest is drafted anew
        }
        foreach (var request in requests)
        {
            var before = _tail.Head - 1;
            var outcome = await _client.AppendAsync(_streams.Log, before, request.Events, default).ConfigureAwait(false);
            if (!outcome.IsAppended)
                return false;
            Advance(request.Records);
            request.Appends.ForEach(a => a.Succeed());
        }
        foreach (var (append, first) in repeats.Where(r => r.First.Completion.IsCompletedSuccessfully))
        {
            append.Result = first.Result! with { AlreadyStored = true };
            append.Succeed();
        }
        return complete && repeats.TrueForAll(r => r.Append.Completion.IsCompleted);
    }

    /// <summary>What has to be known before: which of the events are stored, and the last versions of their streams.</summary>
    private async Task<(Dictionary<EventId, long> Ids, Dictionary<StreamName, long> Versions)> KnownAsync(List<PendingAppend> appends)
    {
        var ids = new Dictionary<EventId, long>();
        var asked = new Dictionary<EventId, Task<long?>>();
        var versions = new Dictionary<StreamName, long>();
        var unknown = new Dictionary<StreamName, Task<long>>();
        foreach (var e in appends.SelectMany(a => a.Events))
        {
            if (_tail.Find(e.Id) is { } entry)
                ids[e.Id] = entry.Position;
            else if (!asked.ContainsKey(e.Id))
                asked.Add(e.Id, _index.FindAsync(e.Id, default));
        }
        foreach (var stream in NewEvents.StreamsOf(appends.SelectMany(a => a.Events)))
        {
            if (_tail.VersionOf(stream) is { } version)
                versions[stream] = version;
            else if (!unknown.ContainsKey(stream))
                unknown.Add(stream, _index.VersionOfAsync(stream, default));
        }
        foreach (var (id, ask) in asked)
        {
            if (await ask.ConfigureAwait(false) is { } position)
                ids[id] = position;
        }
        foreach (var (stream, ask) in unknown)
        {
            try
            {
                _tail.Keep(stream, versions[stream] = await ask.ConfigureAwait(false));
            }
            catch (GrpcException e) when (e.IsStreamDeleted)
            {
                versions[stream] = LogDraft.Deleted;
            }
        }
        return (ids, versions);
    }

    /// <summary>What the append that a stored event began gave.</summary>
    private async Task<AppendResult> ResultAsync(long position)
    {
        var first = (await PageAsync(position - 1, 1, default).ConfigureAwait(false)).Single();
        var events = new List<LogRecord> { first };
        while (events.Count <= first.Following)
            events.AddRange(await PageAsync(events[^1].Event.Position, first.Following + 1 - events.Count, default).ConfigureAwait(false));
        return new(events[^1].Event.Position, StreamVersions.Last(events.SelectMany(e => e.Event.Streams)), AlreadyStored: true);
    }

    /// <summary>The events as they are sent, in one request: bodies that do not fit are stored before, in streams of their own.</summary>
    /// <exception cref="ArgumentException">They do not fit even so.</exception>
    private async Task<List<ProposedEvent>> FitAsync(List<LogRecord> records, List<byte[]> bodies)
    {
        var events = records.Select((record, i) => record.Write(bodies[i], parts: null)).ToList();
        while (events.Sum(EventStoreDbClient.SizeOf) > _maxAppendBytes)
        {
            var largest = events.Index().MaxBy(e => e.Item.Data.Length).Index;
            if (events[largest].Data.Length == 0)
                throw new ArgumentException($"{events.Count} events of one append are larger than the {_maxAppendBytes} bytes that EventStoreDB takes at once, even without their bodies.");
            events[largest] = records[largest].Write(bodies[largest], await StorePartsAsync(bodies[largest]).ConfigureAwait(false));
        }
        return events;
    }

    private async Task<string> StorePartsAsync(byte[] body)
    {
        var (hash, parts) = LogRecord.Cut(body, _maxAppendBytes - 1_024);
        foreach (var (number, part) in parts.Index())
            await _client.AppendAsync(_streams.Parts(hash), number - 1, [part], default).ConfigureAwait(false); // refused: another process, or an attempt before, has done it
        return hash;
    }
}
