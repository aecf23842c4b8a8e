using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
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
    private const string TombstoneType = "$streamDeleted";
    private const string MetadataOf = "$$"; // before a stream's name
    private const int Window = 4_096; // events that the server looks at in one go
    private static readonly string[] Truncating = ["$maxCount", "$maxAge", "$tb"];

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
        await client.ReadAsync(streams.Of(id), 0, backwards: false, 1, resolveLinks: false, long.MaxValue, ct).ConfigureAwait(false) is [{ Event: { } link }]
            ? PositionOf(link) ?? throw new InvalidDataException($"Event {link.Revision} of stream '{link.Stream.StreamName.ToStringUtf8()}' is no link into the log.")
            : null;

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

    /// <summary>All links of all streams, in one pass over <c>$all</c> as it is now.</summary>
    /// <remarks>A link is in <c>$all</c> until the server scavenges it, though its stream's metadata hides it: so the metadata is read with the links, and what hides anything is asked how much.</remarks>
    public async IAsyncEnumerable<IndexEntry> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var names = (await NamesAsync("", ct).ConfigureAwait(false)).Select(n => streams.OfCategory(n[..n.IndexOf('-', StringComparison.Ordinal)])).ToHashSet();
        if (names.Count == 0)
            yield break;
        var end = await client.ReadAllAsync(null, backwards: true, 1, resolveLinks: false, null, ct).Select(EventStoreDbClient.At).FirstAsync(ct).ConfigureAwait(false);
        var filter = new FilterOptions { Stream = new() { Prefix = { names, names.Select(n => MetadataOf + n) } }, Max = Window };
        var truncated = new HashSet<StreamName>();
        await foreach (var e in client.ReadAllAsync(null, backwards: false, long.MaxValue, resolveLinks: false, filter, ct).ConfigureAwait(false))
        {
            if (e.Event.CommitPosition > end.CommitPosition)
                break;
            var (name, type) = (e.Event.Stream.StreamName.ToStringUtf8(), e.Event.Metadata["type"]);
            var isMetadata = name.StartsWith(MetadataOf, StringComparison.Ordinal);
            if (streams.Parse(isMetadata ? name[MetadataOf.Length..] : name) is not { } stream || !names.Contains(streams.OfCategory(stream.Category)))
                continue; // a server that does not filter
            if (type == TombstoneType)
                yield return new(stream, IndexEntry.Deleted, 0, 0);
            else if (!isMetadata)
                yield return new(stream, (long)e.Event.Revision + 1, PositionOf(e.Event) ?? 0, EventId.PartOf(EventStoreDbClient.Read(e.Event.Id)));
            else if (Truncates(e.Event.Data))
                truncated.Add(stream);
            else
                truncated.Remove(stream);
        }
        foreach (var stream in truncated)
        {
            if (await HiddenAsync(stream, ct).ConfigureAwait(false) is > 0 and var hidden)
                yield return new(stream, hidden, 0, 0);
        }
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

    /// <summary>Where in the log a link leads to; null where it is no link, or one to elsewhere.</summary>
    private long? PositionOf(StoredEvent link) => link.Metadata["type"] == LinkType && link.Data.ToStringUtf8().Split('@', 2) is [var number, var name]
        && name == streams.Log && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision + 1 : null;

    private static bool Truncates(ByteString metadata)
    {
        try
        {
            using var json = JsonDocument.Parse(metadata.Memory);
            return json.RootElement.ValueKind == JsonValueKind.Object && Truncating.Any(name => json.RootElement.TryGetProperty(name, out _));
        }
        catch (JsonException)
        {
            return false; // the server does not go by it either
        }
    }

    /// <summary>The last version that a read of a stream does not get to, 0 where it gets to the first; 1 where it gets to none.</summary>
    private async Task<long> HiddenAsync(StreamName stream, CancellationToken ct)
    {
        try
        {
            return await client.ReadAsync(streams.Of(stream), 0, backwards: false, 1, resolveLinks: false, long.MaxValue, ct).ConfigureAwait(false) is [{ Event: { } first }] ? (long)first.Revision : 1;
        }
        catch (GrpcException e) when (e.IsStreamDeleted)
        {
            return 0;
        }
    }

    private static Guid IdOf(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16), bigEndian: true);
}
