using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.EventStoreDb.Protocol;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>The streams beside the log: for each stream and each event's id links into it, and the names of all streams. Written behind the log, and read.</summary>
/// <remarks>Every write can be repeated, by any process, without changing anything: the events' ids and numbers follow from the log.</remarks>
internal sealed class LogIndex(EventStoreDbClient client, EventStoreDbStreams streams, ILogger logger)
{
    private const int MaxEventsAnAppend = 1_000; // a link counts for less than a hundred bytes
    private const string LinkType = "$>";

    private readonly Lock _lock = new();
    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);
    private long _nextName;

    /// <summary>The position up to which everything is indexed.</summary>
    public async Task<long> IndexedAsync(CancellationToken ct) =>
        await client.ReadAsync(streams.Indexed, long.MaxValue, backwards: true, 1, resolveLinks: false, long.MaxValue, ct).ConfigureAwait(false) is [{ Event: { } e }]
        && Utf8Parser.TryParse(e.Data.Span, out long position, out _) ? position : 0;

    /// <summary>Of what says how far the index is, the last word is enough.</summary>
    public async Task PrepareAsync(CancellationToken ct)
    {
        try
        {
            await client.AppendAsync($"$${streams.Indexed}", -1, [EventStoreDbClient.Event(
                IdOf(streams.Indexed), "$metadata", isJson: true, [], "{\"$maxCount\":1}"u8.ToArray())], ct).ConfigureAwait(false);
        }
        catch (GrpcException e) when (e.Status == GrpcStatus.PermissionDenied)
        {
            Log.NotTrimmed(logger, streams.Indexed);
        }
    }

    /// <summary>Indexes events of the log that follow on what is indexed.</summary>
    public async Task WriteAsync(IReadOnlyList<LogTail.Entry> entries, CancellationToken ct)
    {
        var links = new Dictionary<StreamName, List<(long Version, ProposedEvent Link)>>();
        var appends = new List<StreamAppend>();
        var names = new List<ProposedEvent>();
        foreach (var entry in entries)
        {
            appends.Add(new(streams.Of(entry.Id), -1, [Link(entry.Id.Value, entry.Position)]));
            foreach (var (part, (stream, version)) in entry.Streams.Index())
            {
                if (!links.TryGetValue(stream, out var own))
                    links.Add(stream, own = []);
                own.Add((version, Link(entry.Id.Share(part), entry.Position)));
                if (version == 1)
                    names.Add(EventStoreDbClient.Event(IdOf(stream.ToString()), "stream", isJson: false, [], Encoding.UTF8.GetBytes(stream.ToString())));
            }
        }
        foreach (var (stream, own) in links)
            appends.AddRange(own.Chunk(MaxEventsAnAppend).Select(chunk => new StreamAppend(streams.Of(stream), chunk[0].Version - 2, [.. chunk.Select(l => l.Link)])));
        appends.AddRange(names.Chunk(MaxEventsAnAppend).Select(chunk => new StreamAppend(streams.Names, null, chunk)));
        await AppendAsync(appends, ct).ConfigureAwait(false);
        await client.AppendAsync(streams.Indexed, null, [EventStoreDbClient.Event(
            Guid.NewGuid(), "indexed", isJson: true, [], Encoding.UTF8.GetBytes(entries[^1].Position.ToString(CultureInfo.InvariantCulture)))], ct).ConfigureAwait(false);
    }

    /// <summary>The position of an event that is indexed, null where there is none.</summary>
    public async Task<long?> FindAsync(EventId id, CancellationToken ct) =>
        await client.ReadAsync(streams.Of(id), 0, backwards: false, 1, resolveLinks: false, long.MaxValue, ct).ConfigureAwait(false) is [{ Event: { } link }] ? PositionOf(link) : null;

    /// <summary>The last indexed version of a stream, 0 where there is none.</summary>
    /// <exception cref="GrpcException">It was deleted for good.</exception>
    public async Task<long> VersionOfAsync(StreamName stream, CancellationToken ct) =>
        await client.ReadAsync(streams.Of(stream), long.MaxValue, backwards: true, 1, resolveLinks: false, long.MaxValue, ct).ConfigureAwait(false) is [{ Event: { } link }]
            ? (long)link.Revision + 1 : 0;

    /// <summary>The names of streams that begin with a prefix, of those that are indexed, in ordinal order.</summary>
    public async Task<IReadOnlyCollection<string>> NamesAsync(string prefix, CancellationToken ct)
    {
        const int Page = 4_096;
        List<ReadEvent> page;
        do
        {
            page = await client.ReadAsync(streams.Names, Volatile.Read(ref _nextName), backwards: false, Page, resolveLinks: false, long.MaxValue, ct).ConfigureAwait(false);
            lock (_lock)
            {
                _names.UnionWith(page.Select(e => e.Event.Data.ToStringUtf8()));
                if (page.Count > 0)
                    _nextName = Math.Max(_nextName, (long)page[^1].Event.Revision + 1);
            }
        }
        while (page.Count == Page);
        lock (_lock)
            return prefix.Length == 0 ? [.. _names] : [.. _names.GetViewBetween(prefix, prefix + '\uffff').Where(n => n.StartsWith(prefix, StringComparison.Ordinal))];
    }

    private async Task AppendAsync(List<StreamAppend> appends, CancellationToken ct)
    {
        while (appends.Count > 0)
        {
            var outcomes = await client.AppendManyAsync(appends, ct).ConfigureAwait(false);
            var again = new List<StreamAppend>();
            foreach (var (append, outcome) in appends.Zip(outcomes))
            {
                if (outcome is null)
                    Log.StreamDeleted(logger, append.Stream);
                else if (outcome is { IsAppended: false } && Missing(append, outcome.Value.Revision) is { } rest)
                    again.Add(rest);
            }
            appends = again;
        }
    }

    /// <summary>What a stream that stands at another revision than expected lacks of an append; null where it has all of it, which another process has written.</summary>
    private static StreamAppend? Missing(StreamAppend append, long revision)
    {
        var has = (int)Math.Min(revision - append.Expected!.Value, append.Events.Count);
        return has >= append.Events.Count ? null
            : has > 0 ? append with { Expected = revision, Events = [.. append.Events.Skip(has)] }
            : has == 0 ? append
            : throw new InvalidDataException($"Stream '{append.Stream}' ends at event {revision} and lacks what the log had before {append.Expected + 1}: it was cut off or restored alone.");
    }

    private ProposedEvent Link(Guid id, long position) =>
        EventStoreDbClient.Event(id, LinkType, isJson: false, [], Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{position - 1}@{streams.Log}")));

    private static long PositionOf(StoredEvent link) => Utf8Parser.TryParse(link.Data.Span, out long revision, out _)
        ? revision + 1
        : throw new InvalidDataException($"Event {link.Revision} of stream '{link.Stream.StreamName.ToStringUtf8()}' is no link into a log.");

    private static Guid IdOf(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16), bigEndian: true);
}
