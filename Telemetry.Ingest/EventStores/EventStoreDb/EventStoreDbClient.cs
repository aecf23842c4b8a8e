using System.Buffers.Binary;
using System.Globalization;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Telemetry.Ingest.EventStores.EventStoreDb.Protocol;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>What a server made of an append.</summary>
/// <param name="Revision">The stream's last revision, -1 where it has none: after the append, or as it is instead of the one expected.</param>
internal readonly record struct AppendOutcome(bool IsAppended, long Revision);

/// <summary>An append of a batch of appends.</summary>
/// <param name="Expected">The stream's last revision, -1 for none, null for any.</param>
internal sealed record StreamAppend(string Stream, long? Expected, IReadOnlyList<ProposedEvent> Events);

/// <summary>The calls to an EventStoreDB or KurrentDB. All go to the leader: it is asked for, followed where it moves, and found again when it is lost.</summary>
/// <remarks>Every call throws <see cref="GrpcException"/> where it does not succeed.</remarks>
internal sealed class EventStoreDbClient : IDisposable
{
    private const string Streams = "/event_store.client.streams.Streams/";
    private const string GossipRead = "/event_store.client.gossip.Gossip/Read";
    private const int MaxRedirects = 3;
    private const int MaxConcurrentAppends = 32;

    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMilliseconds(100);

    private readonly EventStoreDbAddress _address;
    private readonly TimeSpan _timeout;
    private readonly GrpcChannel _channel;
    private readonly SocketsHttpHandler _handler;
    private Uri? _leader;
    private bool _withoutBatchAppend;

    /// <param name="timeout">What a call may take where the address does not say.</param>
    public EventStoreDbClient(EventStoreDbAddress address, TimeSpan timeout)
    {
        _address = address;
        _timeout = address.Timeout ?? timeout;
        _handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = 4 << 20,
            ConnectTimeout = _timeout,
            UseProxy = false,
            AllowAutoRedirect = false,
            KeepAlivePingDelay = address.KeepAliveInterval ?? TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = address.KeepAliveTimeout ?? TimeSpan.FromSeconds(10),
            SslOptions = Tls(address),
        };
        _channel = new GrpcChannel(_handler, address.User, address.Password);
    }

    public void Dispose()
    {
        _channel.Dispose();
        _handler.Dispose();
    }

    public static StreamIdentifier Identifier(string stream) => new() { StreamName = ByteString.CopyFromUtf8(stream) };

    /// <summary>An event to append.</summary>
    public static ProposedEvent Event(Guid id, string type, bool isJson, byte[] metadata, byte[] data) => new()
    {
        Id = Write(id),
        Metadata = { ["type"] = type, ["content-type"] = isJson ? "application/json" : "application/octet-stream" },
        CustomMetadata = UnsafeByteOperations.UnsafeWrap(metadata),
        Data = UnsafeByteOperations.UnsafeWrap(data),
    };

    /// <summary>What an event counts for towards the server's limit of an append.</summary>
    public static int SizeOf(ProposedEvent e) => e.Data.Length + e.CustomMetadata.Length + 2 * e.Metadata["type"].Length;

    public static Guid Read(Uuid uuid)
    {
        if (uuid.ValueCase == Uuid.ValueOneofCase.String)
            return Guid.Parse(uuid.String);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, uuid.Structured.MostSignificantBits);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], uuid.Structured.LeastSignificantBits);
        return new Guid(bytes, bigEndian: true);
    }

    public static Uuid Write(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return new() { Structured = new() { MostSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes), LeastSignificantBits = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) } };
    }

    /// <summary>When the server took an event: it says so in units of 100 ns since 1970.</summary>
    public static DateTimeOffset CreatedAt(StoredEvent e) =>
        DateTimeOffset.UnixEpoch.AddTicks(e.Metadata.TryGetValue("created", out var ticks) && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0);

    /// <summary>Appends to a stream. The same events at the same expected revision once more are the success of the first time.</summary>
    /// <param name="expected">The stream's last revision, -1 for none, null for any.</param>
    public Task<AppendOutcome> AppendAsync(string stream, long? expected, IReadOnlyList<ProposedEvent> events, CancellationToken ct)
    {
        var options = new AppendOptions { Stream = Identifier(stream) };
        if (expected is null)
            options.Any = new();
        else if (expected < 0)
            options.NoStream = new();
        else
            options.Revision = (ulong)expected.Value;
        IMessage[] messages = [new AppendRequest { Options = options }, .. events.Select(e => new AppendRequest { Event = e })];
        return OnLeaderAsync(async leader =>
        {
            var response = await _channel.CallAsync(leader, Streams + "Append", messages, AppendResponse.Parser, _timeout, ct).ConfigureAwait(false);
            return response.ResultCase switch
            {
                AppendResponse.ResultOneofCase.Success => new AppendOutcome(true, Revision(response.Success)),
                AppendResponse.ResultOneofCase.WrongExpectedVersion => new AppendOutcome(
                    false, response.WrongExpectedVersion.CurrentCase == AppendRefused.CurrentOneofCase.CurrentRevision ? (long)response.WrongExpectedVersion.CurrentRevision : -1),
                _ => throw new GrpcException(GrpcStatus.Internal, "The answer to an append says nothing."),
            };
        }, ct);
    }

    /// <summary>Appends to many streams at once, each on its own; gives their outcomes, null where the stream was deleted for good (tombstone).</summary>
    public async Task<AppendOutcome?[]> AppendManyAsync(IReadOnlyList<StreamAppend> appends, CancellationToken ct)
    {
        if (!Volatile.Read(ref _withoutBatchAppend))
        {
            try
            {
                return await OnLeaderAsync(leader => BatchAppendAsync(leader, appends, ct), ct).ConfigureAwait(false);
            }
            catch (GrpcException e) when (e.Status == GrpcStatus.Unimplemented)
            {
                Volatile.Write(ref _withoutBatchAppend, true); // servers before 21.10
            }
        }
        var outcomes = new AppendOutcome?[appends.Count];
        await Parallel.ForEachAsync(appends.Index(), new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrentAppends, CancellationToken = ct }, async (append, ct) =>
        {
            try
            {
                outcomes[append.Index] = await AppendAsync(append.Item.Stream, append.Item.Expected, append.Item.Events, ct).ConfigureAwait(false);
            }
            catch (GrpcException e) when (e.IsStreamDeleted)
            {
            }
        }).ConfigureAwait(false);
        return outcomes;
    }

    /// <summary>A page of a stream; empty where there is none (any more), or nothing from there on.</summary>
    /// <param name="from">A revision; backwards also <see cref="long.MaxValue"/>, for the last.</param>
    /// <param name="maxBytes">The page ends with the event that reaches this.</param>
    public Task<List<ReadEvent>> ReadAsync(string stream, long from, bool backwards, int count, bool resolveLinks, long maxBytes, CancellationToken ct)
    {
        var options = ReadOptions(resolveLinks);
        options.Stream = new() { Stream = Identifier(stream) };
        options.Direction = backwards ? ReadDirection.Backwards : ReadDirection.Forwards;
        options.Count = (ulong)count;
        if (from == long.MaxValue)
            options.Stream.End = new();
        else
            options.Stream.Revision = (ulong)from;
        return OnLeaderAsync(async leader =>
        {
            var page = new List<ReadEvent>();
            var bytes = 0L;
            var content = new GrpcChannel.Messages([new ReadRequest { Options = options }]);
            await foreach (var response in _channel.StreamAsync(leader, Streams + "Read", content, ReadResponse.Parser, _timeout, ct).ConfigureAwait(false))
            {
                if (response.Event is not { } e)
                    continue;
                page.Add(e);
                bytes += (e.Event?.Data.Length ?? 0) + (e.Event?.CustomMetadata.Length ?? 0);
                if (bytes >= maxBytes)
                    break;
            }
            return page;
        }, ct);
    }

    /// <summary>The events of all streams in the order of the server's log (<c>$all</c>), with metadata of streams and system events, as far as it still has them.</summary>
    /// <remarks>However long the server looks for what the filter lets through, it is waited for; a read that is broken off goes on where it was.</remarks>
    /// <param name="from">Forwards from the event at a position, backwards from the one before it; null: the start, backwards the end.</param>
    /// <param name="filter">What the server lets through; null for everything. A server before 21.10 knows filters for subscriptions alone, and lets everything through.</param>
    public async IAsyncEnumerable<ReadEvent> ReadAllAsync(
        LogPosition? from, bool backwards, long count, bool resolveLinks, FilterOptions? filter, [EnumeratorCancellation] CancellationToken ct)
    {
        LogPosition? last = null;
        for (var giveUpAt = long.MaxValue; count > 0;)
        {
            var options = ReadOptions(resolveLinks);
            options.Direction = backwards ? ReadDirection.Backwards : ReadDirection.Forwards;
            options.Count = (ulong)count + (last is null ? 0UL : 1); // forwards, the last comes again
            options.All = (last ?? from) is { } position ? new() { Position = position } : backwards ? new() { End = new() } : new() { Start = new() };
            if (filter is not null)
                options.Filter = filter;
            await using var responses = ResponsesAsync(options, ct).GetAsyncEnumerator(ct);
            while (count > 0)
            {
                try
                {
                    if (!await responses.MoveNextAsync().ConfigureAwait(false))
                        yield break;
                }
                catch (GrpcException e) when (e.IsLost && Environment.TickCount64 < giveUpAt)
                {
                    if (giveUpAt == long.MaxValue)
                        giveUpAt = Environment.TickCount64 + (long)_timeout.TotalMilliseconds;
                    await Task.Delay(ReadAgainAfter, ct).ConfigureAwait(false);
                    break;
                }
                catch (GrpcException e) when (filter is not null && last is null && e.Status is GrpcStatus.Unknown or GrpcStatus.InvalidArgument)
                {
                    filter = null;
                    break;
                }
                if (responses.Current.Event is not { } stored || At(stored).Equals(last))
                    continue;
                giveUpAt = long.MaxValue;
                last = At(stored);
                count--;
                yield return stored;
            }
        }
    }

    /// <summary>An event's place in <c>$all</c>; where a link was resolved the link's.</summary>
    public static LogPosition At(ReadEvent e)
    {
        var own = e.Link ?? e.Event;
        return new() { CommitPosition = own.CommitPosition, PreparePosition = own.PreparePosition };
    }

    /// <summary>The events of a stream after a revision (-1: all), and those to come. Ends only by an error: a slow consumer is told <see cref="GrpcStatus.Aborted"/>.</summary>
    public async IAsyncEnumerable<ReadEvent> SubscribeAsync(string stream, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        var options = ReadOptions(resolveLinks: false);
        options.Stream = new() { Stream = Identifier(stream) };
        options.Subscription = new();
        if (after < 0)
            options.Stream.Start = new();
        else
            options.Stream.Revision = (ulong)after;
        await foreach (var response in ResponsesAsync(options, ct).ConfigureAwait(false))
        {
            if (response.Event is { } stored)
                yield return stored;
        }
        throw new GrpcException(GrpcStatus.Unavailable, "The server ended the subscription.");
    }

    /// <summary>What the leader answers, however long it takes.</summary>
    private async IAsyncEnumerable<ReadResponse> ResponsesAsync(ReadOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        var leader = await LeaderAsync(ct).ConfigureAwait(false);
        var content = new GrpcChannel.Messages([new ReadRequest { Options = options }]);
        await using var responses = _channel.StreamAsync(leader, Streams + "Read", content, ReadResponse.Parser, Timeout.InfiniteTimeSpan, ct).GetAsyncEnumerator(ct);
        while (true)
        {
            try
            {
                if (!await responses.MoveNextAsync().ConfigureAwait(false))
                    yield break;
            }
            catch (GrpcException e)
            {
                Lost(e, leader);
                throw;
            }
            yield return responses.Current;
        }
    }

    private static ReadOptions ReadOptions(bool resolveLinks) => new()
    {
        ResolveLinks = resolveLinks,
        NoFilter = new(),
        Uuid = new() { Structured = new() },
    };

    private static long Revision(Appended success) => success.CurrentCase == Appended.CurrentOneofCase.CurrentRevision ? (long)success.CurrentRevision : -1;

    private async Task<AppendOutcome?[]> BatchAppendAsync(Uri leader, IReadOnlyList<StreamAppend> appends, CancellationToken ct)
    {
        var outcomes = new AppendOutcome?[appends.Count];
        if (appends.Count == 0)
            return outcomes;
        var left = appends.Count;
        // The server may forget answers that it still owes when we end our side first: so it stays open until all are here.
        using var answered = new CancellationTokenSource();
        var content = new OpenMessages(appends.Select(Request), answered.Token);
        try
        {
            await foreach (var response in _channel.StreamAsync(leader, Streams + "BatchAppend", content, BatchAppendResponse.Parser, _timeout, ct).ConfigureAwait(false))
            {
                outcomes[response.CorrelationId.Structured.LeastSignificantBits] = Outcome(response);
                if (--left == 0)
                    return outcomes;
            }
            throw new GrpcException(GrpcStatus.Unavailable, $"{leader.Authority} left {left} of {appends.Count} appends without an answer.");
        }
        finally
        {
            await answered.CancelAsync().ConfigureAwait(false);
        }

        BatchAppendRequest Request(StreamAppend append, int number)
        {
            var options = new BatchAppendOptions { Stream = Identifier(append.Stream), Deadline = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(_timeout) };
            if (append.Expected is null)
                options.Any = new();
            else if (append.Expected < 0)
                options.NoStream = new();
            else
                options.Revision = (ulong)append.Expected.Value;
            return new() { CorrelationId = new() { Structured = new() { LeastSignificantBits = number } }, Options = options, Events = { append.Events }, IsFinal = true };
        }
    }

    private static AppendOutcome? Outcome(BatchAppendResponse response)
    {
        if (response.Success is { } success)
            return new(true, Revision(success));
        var error = response.Error ?? throw new GrpcException(GrpcStatus.Internal, "The answer to an append says nothing.");
        switch (error.Details?.TypeUrl.Split('.')[^1])
        {
            case "WrongExpectedVersion":
                var wrong = WrongExpectedVersion.Parser.ParseFrom(error.Details.Value);
                return new(false, wrong.CurrentCase == WrongExpectedVersion.CurrentOneofCase.CurrentRevision ? (long)wrong.CurrentRevision : -1);
            case "StreamDeleted":
                return null;
            case "AccessDenied":
                throw new GrpcException(GrpcStatus.PermissionDenied, "Access denied.");
            case "MaximumAppendSizeExceeded":
                throw new GrpcException(GrpcStatus.InvalidArgument, $"An append may have {MaximumAppendSizeExceeded.Parser.ParseFrom(error.Details.Value).MaxAppendSize} bytes at most.");
            case "BadRequest" or "MaximumAppendEventSizeExceeded":
                throw new GrpcException(GrpcStatus.InvalidArgument, $"An append was refused: {error.Message}.");
            default:
                throw new GrpcException(GrpcStatus.Unavailable, $"An append was not made: {error.Message}."); // a time that ran out, a node not ready
        }
    }

    private async Task<T> OnLeaderAsync<T>(Func<Uri, Task<T>> call, CancellationToken ct)
    {
        for (var redirects = 0; ; redirects++)
        {
            var leader = await LeaderAsync(ct).ConfigureAwait(false);
            try
            {
                return await call(leader).ConfigureAwait(false);
            }
            catch (GrpcException e)
            {
                Lost(e, leader);
                if (e.Leader is null || redirects == MaxRedirects)
                    throw;
            }
        }
    }

    /// <summary>Goes to the leader that an error names, or looks for it anew next time.</summary>
    private void Lost(GrpcException e, Uri asked)
    {
        if (e.Leader is var (host, port))
            Volatile.Write(ref _leader, new UriBuilder(asked.Scheme, host, port).Uri);
        else if (e.IsLost)
            Volatile.Write(ref _leader, null);
    }

    private async ValueTask<Uri> LeaderAsync(CancellationToken ct)
    {
        if (Volatile.Read(ref _leader) is { } known)
            return known;
        var found = _address.Discover ? await DiscoverAsync(ct).ConfigureAwait(false) : _address.Hosts[0];
        Volatile.Write(ref _leader, found);
        return found;
    }

    private async Task<Uri> DiscoverAsync(CancellationToken ct)
    {
        GrpcException? last = null;
        foreach (var host in _address.Hosts)
        {
            try
            {
                var cluster = await _channel.CallAsync(host, GossipRead, [new Nothing()], ClusterInfo.Parser, _timeout, ct).ConfigureAwait(false);
                if (cluster.Members.FirstOrDefault(m => m.IsAlive && m.State == Member.Types.State.Leader) is { HttpEndPoint: { } at })
                    return new UriBuilder(host.Scheme, at.Address, (int)at.Port).Uri;
            }
            catch (GrpcException e)
            {
                last = e;
            }
        }
        throw new GrpcException(last?.IsLost == false ? last.Status : GrpcStatus.Unavailable, $"None of {_address} names a leader{(last is null ? "." : $": {last.Message}")}", cause: last);
    }

    private static SslClientAuthenticationOptions Tls(EventStoreDbAddress address)
    {
        var options = new SslClientAuthenticationOptions();
        if (!address.VerifyCertificate)
        {
#pragma warning disable CA5359 // tlsVerifyCert=false asks for just this
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (address.CaFile is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(address.CaFile);
            options.CertificateChainPolicy = policy;
        }
        return options;
    }

    /// <summary>The body of a request that stays open behind its messages until it is told to end.</summary>
    private sealed class OpenMessages(IEnumerable<IMessage> messages, CancellationToken end) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context, CancellationToken cancellationToken)
        {
            foreach (var message in messages)
                await GrpcChannel.WriteAsync(stream, message, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = end.Register(() => ended.TrySetResult());
            await using var cancelled = cancellationToken.Register(() => ended.TrySetResult());
            await ended.Task.ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
