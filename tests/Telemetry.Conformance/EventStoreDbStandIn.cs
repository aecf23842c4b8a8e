using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Telemetry.Ingest.EventStores.EventStoreDb;
using Telemetry.Ingest.EventStores.EventStoreDb.Protocol;
using Status = Telemetry.Ingest.EventStores.EventStoreDb.Protocol.Status;

namespace Telemetry.Conformance;

/// <summary>How a call to the stand-in ends instead of well.</summary>
/// <param name="InHeaders">Told in the answer's headers, as a gRPC server does that has sent nothing yet; otherwise in its trailers.</param>
/// <param name="AfterDoing">What was asked for is done all the same.</param>
public sealed record StandInFault(int Status, string Message, bool InHeaders = false, bool AfterDoing = false, params (string Name, string Value)[] Trailers);

/// <summary>Speaks the calls of EventStoreDB that we make, over HTTP/2, and keeps what it is given in memory. Rules as in EventStoreDB 24.10's sources.</summary>
public sealed class EventStoreDbStandIn : IAsyncDisposable
{
    private const int Unknown = 2, InvalidArgument = 3, FailedPrecondition = 9, Aborted = 10, Unimplemented = 12, NotFound = 5, PermissionDenied = 7;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, StoredStream> _streams = [];
    private readonly List<StoredEvent> _all = []; // in the order of the appends
    private readonly ConcurrentQueue<(string Method, StandInFault Fault)> _faults = new();
    private readonly ConcurrentDictionary<string, int> _calls = new();
    private readonly X509Certificate2? _certificate;
    private TaskCompletionSource _resumed = Resumed();
    private TaskCompletionSource _subscriptionsAborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _app;
    private ulong _position;
    private int _port;

    private EventStoreDbStandIn(X509Certificate2? certificate) => _certificate = certificate;

    public int Port => _port;
    public string ConnectionString => $"esdb://127.0.0.1:{_port}?tls={(_certificate is null ? "false" : "true")}";

    /// <summary>The largest append in bytes.</summary>
    public int MaxAppendBytes { get; set; } = 1 << 20;

    /// <summary><c>USER:PASSWORD</c>; null for anybody.</summary>
    public string? Credentials { get; set; }

    /// <summary>Where a follower sends its callers; null for the leader.</summary>
    public int? LeaderPort { get; set; }

    /// <summary>Whether it knows the call BatchAppend, as servers do from 21.10.</summary>
    public bool HasBatchAppend { get; set; } = true;

    /// <summary>Whether it filters reads of <c>$all</c>, as servers do from 21.10.</summary>
    public bool HasFilteredReads { get; set; } = true;

    /// <summary>Whether the user may read <c>$all</c>; by default that are admins alone.</summary>
    public bool ShowsAll { get; set; } = true;

    /// <summary>When it takes what it is given.</summary>
    public Func<DateTimeOffset> Now { get; set; } = () => DateTimeOffset.UnixEpoch;

    public static async Task<EventStoreDbStandIn> StartAsync(X509Certificate2? certificate = null)
    {
        var server = new EventStoreDbStandIn(certificate);
        server.Append("$users", null, [EventStoreDbClient.Event(Guid.NewGuid(), "$User", isJson: false, [], "admin"u8.ToArray())]); // no server is empty
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>How often a method was called.</summary>
    public int Calls(string method) => _calls.GetValueOrDefault(method);

    /// <summary>Lets the next call of a method fail.</summary>
    public void Fail(string method, StandInFault fault) => _faults.Enqueue((method, fault));

    /// <summary>From now on, calls stand still.</summary>
    public void Pause() => _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume() => _resumed.TrySetResult();

    /// <summary>Ends every subscription that runs, as the server does to one that does not keep up.</summary>
    public void AbortSubscriptions() =>
        Interlocked.Exchange(ref _subscriptionsAborted, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    /// <summary>Deletes a stream for good.</summary>
    public void Tombstone(string stream)
    {
        lock (_lock)
        {
            Stream(stream).IsTombstoned = true;
            Log(stream, long.MaxValue, EventStoreDbClient.Event(Guid.NewGuid(), "$streamDeleted", isJson: false, [], []));
        }
    }

    /// <summary>Sets a stream's metadata, such as <c>{"$maxCount":10}</c>: what it hides is not read from the stream any more, but still from <c>$all</c>.</summary>
    public void SetMetadata(string stream, string json) =>
        Append($"$${stream}", null, [EventStoreDbClient.Event(Guid.NewGuid(), "$metadata", isJson: true, [], Encoding.UTF8.GetBytes(json))]);

    /// <summary>Drops for good what metadata hides, and what tombstones leave.</summary>
    public void Scavenge()
    {
        lock (_lock)
        {
            foreach (var (name, stream) in _streams)
                stream.Scavenged = Math.Min(First(name, stream), stream.Events.Count);
            _all.RemoveAll(e => _streams[e.Stream.StreamName.ToStringUtf8()] is var stream && (stream.IsTombstoned ? e.Revision != long.MaxValue : (long)e.Revision < stream.Scavenged));
        }
    }

    /// <summary>Puts other data in an event's place, as who restores files may.</summary>
    public void Replace(string stream, int revision, string data)
    {
        lock (_lock)
            _streams[stream].Events[revision].Data = ByteString.CopyFromUtf8(data);
    }

    /// <summary>How many events a stream has.</summary>
    public int Count(string stream)
    {
        lock (_lock)
            return _streams.TryGetValue(stream, out var known) ? known.Events.Count : 0;
    }

    /// <summary>Stops listening, and drops all connections; what is stored stays.</summary>
    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        if (_app is not null)
        {
            await _app.StopAsync(now.Token);
            await _app.DisposeAsync();
        }
        _app = null;
    }

    /// <summary>Listens again, where it did.</summary>
    public async Task StartAgainAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null; // a call may stay open with nothing to say
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
            kestrel.Listen(IPAddress.Loopback, _port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                if (_certificate is not null)
                    listen.UseHttps(_certificate);
            });
        });
        var app = builder.Build();
        app.Run(HandleAsync);
        await app.StartAsync();
        _app = app;
        _port = new Uri(app.Urls.Single()).Port;
    }

    public async ValueTask DisposeAsync()
    {
        Resume();
        await StopAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var method = context.Request.Path.Value!.Split('/')[^1];
        _calls.AddOrUpdate(method, 1, static (_, calls) => calls + 1);
        await _resumed.Task.WaitAsync(context.RequestAborted);
        if (Credentials is not null && context.Request.Headers.Authorization != $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Credentials))}")
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }
        context.Response.ContentType = "application/grpc";
        var fault = _faults.TryPeek(out var next) && next.Method == method && _faults.TryDequeue(out next) ? next.Fault : null;
        try
        {
            if (fault is { AfterDoing: false })
                throw new StandInException(fault);
            if (LeaderPort is { } leader && !context.Request.Path.Value.Contains("gossip", StringComparison.Ordinal) && context.Request.Headers["requires-leader"] == "true")
            {
                throw new StandInException(new(NotFound, "Leader info available", Trailers:
                    [("exception", "not-leader"), ("leader-endpoint-host", "127.0.0.1"), ("leader-endpoint-port", leader.ToString(CultureInfo.InvariantCulture))]));
            }
            await (context.Request.Path.Value switch
            {
                "/event_store.client.streams.Streams/Read" => ReadAsync(context, fault),
                "/event_store.client.streams.Streams/Append" => AppendAsync(context, fault),
                "/event_store.client.streams.Streams/BatchAppend" when HasBatchAppend => BatchAppendAsync(context, fault),
                "/event_store.client.gossip.Gossip/Read" => GossipAsync(context),
                _ => throw new StandInException(new(Unimplemented, "Service is unimplemented.", InHeaders: true)),
            });
            context.Response.AppendTrailer("grpc-status", "0");
        }
        catch (StandInException e)
        {
            await EndAsync(context.Response, e.Fault);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
        }
    }

    private static async Task EndAsync(HttpResponse response, StandInFault fault)
    {
        (string Name, string Value)[] trailers = [("grpc-status", fault.Status.ToString(CultureInfo.InvariantCulture)), ("grpc-message", Uri.EscapeDataString(fault.Message)), .. fault.Trailers];
        if (fault.InHeaders && !response.HasStarted)
        {
            foreach (var (name, value) in trailers)
                response.Headers[name] = value;
            return;
        }
        await response.StartAsync();
        foreach (var (name, value) in trailers)
            response.AppendTrailer(name, value);
    }

    private async Task GossipAsync(HttpContext context)
    {
        await GrpcChannel.ReadAsync(context.Request.Body, Nothing.Parser, context.RequestAborted);
        var cluster = new ClusterInfo
        {
            Members =
            {
                new Member { State = Member.Types.State.Leader, IsAlive = false, HttpEndPoint = new() { Address = "127.0.0.1", Port = 1 } }, // of before
                new Member { State = Member.Types.State.Leader, IsAlive = true, HttpEndPoint = new() { Address = "127.0.0.1", Port = (uint)(LeaderPort ?? _port) } },
            },
        };
        await GrpcChannel.WriteAsync(context.Response.Body, cluster, context.RequestAborted);
    }

    private async Task AppendAsync(HttpContext context, StandInFault? fault)
    {
        var first = await GrpcChannel.ReadAsync(context.Request.Body, AppendRequest.Parser, context.RequestAborted);
        var options = first?.Options ?? throw new StandInException(new(InvalidArgument, "The first message has no options."));
        var events = new List<ProposedEvent>();
        while (await GrpcChannel.ReadAsync(context.Request.Body, AppendRequest.Parser, context.RequestAborted) is { } message)
            events.Add(message.Event);
        Check(events);
        var expected = options.ExpectedCase switch
        {
            AppendOptions.ExpectedOneofCase.Revision => (long?)options.Revision,
            AppendOptions.ExpectedOneofCase.NoStream => -1,
            _ => null,
        };
        var (appended, revision) = Append(options.Stream.StreamName.ToStringUtf8(), expected, events);
        if (fault is not null)
            throw new StandInException(fault);
        var response = new AppendResponse();
        if (appended)
            response.Success = Success(revision);
        else if (revision < 0)
            response.WrongExpectedVersion = new() { CurrentNoStream = new() };
        else
            response.WrongExpectedVersion = new() { CurrentRevision = (ulong)revision };
        await GrpcChannel.WriteAsync(context.Response.Body, response, context.RequestAborted);
    }

    private async Task BatchAppendAsync(HttpContext context, StandInFault? fault)
    {
        var answers = 0;
        while (await GrpcChannel.ReadAsync(context.Request.Body, BatchAppendRequest.Parser, context.RequestAborted) is { } request)
        {
            var response = new BatchAppendResponse { CorrelationId = request.CorrelationId };
            try
            {
                Check(request.Events);
                var expected = request.Options.ExpectedCase switch
                {
                    BatchAppendOptions.ExpectedOneofCase.Revision => (long?)request.Options.Revision,
                    BatchAppendOptions.ExpectedOneofCase.NoStream => -1,
                    _ => null,
                };
                var (appended, revision) = Append(request.Options.Stream.StreamName.ToStringUtf8(), expected, request.Events);
                if (appended)
                    response.Success = Success(revision);
                else
                    response.Error = Error(6, "WrongExpectedVersion", revision < 0 ? new() { CurrentNoStream = new() } : new WrongExpectedVersion { CurrentRevision = (ulong)revision });
            }
            catch (StandInException e) when (e.Fault.Status == FailedPrecondition)
            {
                response.Error = Error(5, "StreamDeleted", new Nothing());
            }
            if (fault is not null && ++answers > 1)
                throw new StandInException(fault); // in the middle of it
            await GrpcChannel.WriteAsync(context.Response.Body, response, context.RequestAborted);
        }
        await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted); // the server does not end it by itself either

        static Status Error(int code, string name, IMessage details) => new()
        {
            Code = code,
            Message = name,
            Details = new Any { TypeUrl = $"type.googleapis.com/event_store.client.{name}", Value = details.ToByteString() },
        };
    }

    private static Appended Success(long revision) => new() { CurrentRevision = (ulong)revision, NoPosition = new() };

    private void Check(IEnumerable<ProposedEvent> events)
    {
        if (events.Sum(EventStoreDbClient.SizeOf) > MaxAppendBytes)
        {
            throw new StandInException(new(InvalidArgument, $"Maximum Append Size of {MaxAppendBytes} Exceeded.", Trailers:
                [("exception", "maximum-append-size-exceeded"), ("maximum-append-size", MaxAppendBytes.ToString(CultureInfo.InvariantCulture))]));
        }
        foreach (var e in events.Where(e => !e.Metadata.ContainsKey("type") || !e.Metadata.ContainsKey("content-type")))
            throw new StandInException(new(InvalidArgument, "Required Metadata Property is missing"));
    }

    /// <summary>The stream's last revision, and whether the events are there now: also where they were before, one by one at the expected place.</summary>
    private (bool Appended, long Revision) Append(string name, long? expected, IReadOnlyList<ProposedEvent> events)
    {
        lock (_lock)
        {
            var stream = Stream(name);
            if (stream.IsTombstoned)
                throw Deleted(name);
            var last = stream.Events.Count - 1L;
            if (expected is null or -1 && First(name, stream) == long.MaxValue) // deleted softly: it goes on where it was
            {
                SetMetadata(name, $"{{\"$tb\":{last + 1}}}");
                expected = last;
            }
            if (expected is null && events.All(e => stream.Ids.ContainsKey(EventStoreDbClient.Read(e.Id))))
                return (true, stream.Ids[EventStoreDbClient.Read(events[^1].Id)]);
            if (expected < last)
            {
                var stored = events.Index().All(e => expected + 1 + e.Index <= last && EventStoreDbClient.Read(stream.Events[(int)expected + 1 + e.Index].Id) == EventStoreDbClient.Read(e.Item.Id));
                return (stored, stored ? expected.Value + events.Count : last);
            }
            if (expected > last)
                return (false, last);
            foreach (var e in events)
            {
                stream.Ids.TryAdd(EventStoreDbClient.Read(e.Id), stream.Events.Count);
                stream.Events.Add(Log(name, stream.Events.Count, e));
            }
            stream.Appended.TrySetResult();
            stream.Appended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return (true, stream.Events.Count - 1L);
        }
    }

    private StoredEvent Log(string stream, long revision, ProposedEvent e)
    {
        var stored = new StoredEvent
        {
            Id = e.Id,
            Stream = EventStoreDbClient.Identifier(stream),
            Revision = (ulong)revision,
            PreparePosition = _position,
            CommitPosition = _position,
            Metadata = { e.Metadata, { "created", (Now() - DateTimeOffset.UnixEpoch).Ticks.ToString(CultureInfo.InvariantCulture) } },
            CustomMetadata = e.CustomMetadata,
            Data = e.Data,
        };
        _position += (ulong)stored.CalculateSize(); // a place in a file
        _all.Add(stored);
        return stored;
    }

    /// <summary>The first event of a stream that is read.</summary>
    private long First(string name, StoredStream stream)
    {
        if (name.StartsWith("$$", StringComparison.Ordinal))
            return Math.Max(0, stream.Events.Count - 1);
        if (!_streams.TryGetValue($"$${name}", out var metadata) || metadata.Events.Count == 0)
            return stream.Scavenged;
        using var json = JsonDocument.Parse(metadata.Events[^1].Data.Memory);
        var truncateBefore = json.RootElement.TryGetProperty("$tb", out var tb) ? tb.GetInt64() : 0;
        var beforeLast = json.RootElement.TryGetProperty("$maxCount", out var count) ? stream.Events.Count - count.GetInt64() : 0;
        return Math.Max(stream.Scavenged, Math.Max(truncateBefore, beforeLast));
    }

    private async Task ReadAsync(HttpContext context, StandInFault? fault)
    {
        var request = await GrpcChannel.ReadAsync(context.Request.Body, ReadRequest.Parser, context.RequestAborted);
        var options = request!.Options;
        if (options.Uuid is null || options.FilteringCase == ReadOptions.FilteringOneofCase.None || options.SourceCase == ReadOptions.SourceOneofCase.None)
            throw new StandInException(new(InvalidArgument, "An option is missing."));
        if (options.All is not null)
        {
            await ReadAllAsync(context, options, fault);
            return;
        }
        var name = options.Stream.Stream.StreamName.ToStringUtf8();
        if (options.LimitCase == ReadOptions.LimitOneofCase.Subscription)
        {
            await SubscribeAsync(context, name, options.Stream.FromCase == StreamOptions.FromOneofCase.Revision ? (long)options.Stream.Revision : -1);
            return;
        }
        List<ReadEvent> page;
        lock (_lock)
        {
            if (_streams.TryGetValue(name, out var stream) && stream.IsTombstoned)
                throw Deleted(name);
            var events = stream?.Events ?? [];
            var from = options.Stream.FromCase == StreamOptions.FromOneofCase.Revision ? (long)options.Stream.Revision : options.Stream.FromCase == StreamOptions.FromOneofCase.End ? events.Count - 1 : 0;
            var count = (int)Math.Min(options.Count, int.MaxValue);
            var first = stream is null ? 0 : First(name, stream);
            page = [.. (options.Direction == ReadDirection.Forwards
                ? events.Skip((int)Math.Min(Math.Max(from, first), int.MaxValue)).Take(count)
                : events.Take((int)Math.Min(from + 1, int.MaxValue)).Skip((int)Math.Min(first, int.MaxValue)).Reverse().Take(count)).Select(e => Resolve(e, options.ResolveLinks))];
        }
        if (page.Count == 0)
            await GrpcChannel.WriteAsync(context.Response.Body, new ReadResponse { StreamNotFound = new() { Stream = EventStoreDbClient.Identifier(name) } }, context.RequestAborted);
        foreach (var e in page)
            await GrpcChannel.WriteAsync(context.Response.Body, new ReadResponse { Event = e }, context.RequestAborted);
    }

    /// <remarks>A window bounds what the server looks at in one go, and is not seen from outside: the read goes on behind it, up to the count or the end.</remarks>
    private async Task ReadAllAsync(HttpContext context, ReadOptions options, StandInFault? fault)
    {
        if (!ShowsAll)
            throw new StandInException(new(PermissionDenied, "Access Denied", Trailers: [("exception", "access-denied")]));
        if (options.Filter is not null && !HasFilteredReads)
            throw new StandInException(new(Unknown, "Exception was thrown by handler. InvalidOperationException: Operation is not valid due to the current state of the object."));
        var isAllowed = Filter(options.Filter);
        var position = options.All.Position is { } given ? (given.CommitPosition, given.PreparePosition)
            : options.All.FromCase == AllOptions.FromOneofCase.End ? (ulong.MaxValue, ulong.MaxValue) : (0UL, 0UL);
        List<ReadEvent> page;
        lock (_lock)
        {
            page = [.. (options.Direction == ReadDirection.Forwards
                ? _all.Where(e => (e.CommitPosition, e.PreparePosition).CompareTo(position) >= 0)
                : Enumerable.Reverse(_all).Where(e => (e.CommitPosition, e.PreparePosition).CompareTo(position) < 0))
                .Where(isAllowed).Take((int)Math.Min(options.Count, int.MaxValue)).Select(e => Resolve(e, options.ResolveLinks))];
        }
        foreach (var e in fault is null ? page : page.Take(page.Count / 2))
            await GrpcChannel.WriteAsync(context.Response.Body, new ReadResponse { Event = e }, context.RequestAborted);
        if (fault is not null)
            throw new StandInException(fault); // in the middle of it
    }

    private static Func<StoredEvent, bool> Filter(FilterOptions? filter)
    {
        if (filter is null)
            return static _ => true;
        if (filter.OfCase == FilterOptions.OfOneofCase.None || filter.WindowCase == FilterOptions.WindowOneofCase.None)
            throw new StandInException(new(InvalidArgument, "An option of the filter is missing."));
        var expression = filter.Stream ?? filter.EventType;
        Func<string, bool> matches = expression.Regex.Length > 0 ? new Regex(expression.Regex).IsMatch : text => expression.Prefix.Any(p => text.StartsWith(p, StringComparison.Ordinal));
        return filter.Stream is not null ? e => matches(e.Stream.StreamName.ToStringUtf8()) : e => matches(e.Metadata["type"]);
    }

    private async Task SubscribeAsync(HttpContext context, string name, long after)
    {
        var aborted = _subscriptionsAborted.Task;
        await GrpcChannel.WriteAsync(context.Response.Body, new ReadResponse { Confirmation = new() { SubscriptionId = Guid.NewGuid().ToString() } }, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        while (true)
        {
            List<StoredEvent> events;
            Task appended;
            lock (_lock)
            {
                var stream = Stream(name);
                if (stream.IsTombstoned)
                    throw Deleted(name);
                events = stream.Events[(int)Math.Min(after + 1, stream.Events.Count)..];
                appended = stream.Appended.Task;
            }
            foreach (var e in events)
                await GrpcChannel.WriteAsync(context.Response.Body, new ReadResponse { Event = new() { Event = e } }, context.RequestAborted);
            after += events.Count;
            if (await Task.WhenAny(appended, aborted).WaitAsync(context.RequestAborted) == aborted)
                throw new StandInException(new(Aborted, "Operation timed out: Consumer too slow to handle event while live. Client resubscription required."));
        }
    }

    private ReadEvent Resolve(StoredEvent e, bool resolveLinks)
    {
        if (!resolveLinks || e.Metadata["type"] != "$>")
            return new() { Event = e };
        var read = new ReadEvent { Link = e };
        if (e.Data.ToStringUtf8().Split('@', 2) is [var number, var name] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
            && _streams.TryGetValue(name, out var stream) && revision < stream.Events.Count && revision >= First(name, stream) && !stream.IsTombstoned)
        {
            read.Event = stream.Events[revision];
        }
        return read;
    }

    private StoredStream Stream(string name)
    {
        if (!_streams.TryGetValue(name, out var stream))
            _streams.Add(name, stream = new());
        return stream;
    }

    private static StandInException Deleted(string stream) => new(new(FailedPrecondition, $"Event stream '{stream}' is deleted.", Trailers: [("exception", "stream-deleted"), ("stream-name", stream)]));

    private static TaskCompletionSource Resumed()
    {
        var resumed = new TaskCompletionSource();
        resumed.SetResult();
        return resumed;
    }

    private sealed class StoredStream
    {
        public List<StoredEvent> Events { get; } = [];
        public Dictionary<Guid, long> Ids { get; } = [];
        public bool IsTombstoned { get; set; }

        /// <summary>The first event that was not dropped.</summary>
        public long Scavenged { get; set; }

        public TaskCompletionSource Appended { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class StandInException(StandInFault fault) : Exception(fault.Message)
    {
        public StandInFault Fault { get; } = fault;
    }
}
