using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Api.V2.Audit;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.Tests.V2.Audit;

/// <summary>Memory is that of the process: nothing else may run beside.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneInItsProcess
{
    public const string Name = "alone";
}

/// <summary>Long reads over real sockets, of a stream that is made while it is read.</summary>
[Collection(AloneInItsProcess.Name)]
public sealed class BackPressureTests : IAsyncLifetime
{
    private const string Stream = "samples-p-2026-10";
    private readonly EndlessStream _log = new();
    private Gate? _gate; // before each answer while there is one
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddTelemetryApi();
        builder.Services.AddAuditApi();
        builder.Services.AddSingleton<IEventStore>(_log);
        _app = builder.Build();
        _app.UseTelemetryApi();
        _app.Use((context, next) =>
        {
            _gate?.StandBefore(context);
            return next();
        });
        _app.MapStreams();
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _client = new() { BaseAddress = new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
        _client.DefaultRequestHeaders.Add("X-Roles", "admin");
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Ten_million_samples_are_replayed_without_growing_memory()
    {
        using var response = await GetAsync($"/v2/streams/{Stream}?limit=10000", StreamEndpoints.SamplesNdjson);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var (buffer, lines) = (new byte[1 << 18], 0L);
        for (int read; (read = await body.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
            lines += buffer.AsSpan(0, read).Count((byte)'\n');

        Assert.Equal(10_000_000, lines);
        Assert.InRange(_log.Memory[9] - _log.Memory[1], long.MinValue, 4 << 20); // from the second million samples on
    }

    [Theory]
    [InlineData($"/v2/streams/{Stream}?limit=10000", "application/json")]
    [InlineData($"/v2/streams/{Stream}", StreamEndpoints.Ndjson)]
    [InlineData($"/v2/streams/{Stream}", StreamEndpoints.SamplesNdjson)]
    [InlineData("/v2/streams/$all", StreamEndpoints.Ndjson)]
    [InlineData($"/v2/streams/{Stream}/subscribe", "text/event-stream")]
    [InlineData("/v2/streams/$all/subscribe", "text/event-stream")]
    public async Task A_reader_that_stops_reading_stops_the_log_being_read(string path, string type)
    {
        var gate = _gate = new();
        using var response = await GetAsync(path, type);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[1 << 16];
        Assert.NotEqual(0, await body.ReadAsync(buffer, TestContext.Current.CancellationToken));

        await Task.WhenAny(gate.Waiting, _log.ReadOn).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var read = _log.Read;
        Assert.InRange(read, 1, 10); // events of 150 KB or more

        await gate.OpenAsync();
        for (var more = 0L; more < 100_000_000 && _log.Read <= read + 100;)
            more += await body.ReadAsync(buffer, TestContext.Current.CancellationToken);
        Assert.InRange(_log.Read, read + 100, read + 1_000);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", type);
        return (await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
    }

    /// <summary>A client, as endpoints see it, that takes a megabyte and then nothing until it is opened: no flush ends. Tells when that is waited for.</summary>
    private sealed class Gate : PipeWriter, IHttpResponseBodyFeature, IValueTaskSource<FlushResult>
    {
        private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private ManualResetValueTaskSourceCore<FlushResult> _flush = new() { RunContinuationsAsynchronously = true };
        private IHttpResponseBodyFeature _client = null!;
        private long _written;
        private bool _isOpen;

        /// <summary>Ends when somebody awaits a flush.</summary>
        public Task Waiting => _waiting.Task;

        public Stream Stream => AsStream();

        public PipeWriter Writer => this;

        public void StandBefore(HttpContext context)
        {
            _client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
            context.Features.Set<IHttpResponseBodyFeature>(this);
        }

        public async Task OpenAsync()
        {
            _isOpen = true;
            _flush.SetResult(await _client.Writer.FlushAsync());
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            _isOpen || _written < 1 << 20 ? _client.Writer.FlushAsync(cancellationToken) : new(this, _flush.Version);

        public override void Advance(int bytes)
        {
            _written += bytes;
            _client.Writer.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _client.Writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _client.Writer.GetSpan(sizeHint);

        public override void CancelPendingFlush() => _client.Writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => _client.Writer.Complete(exception);

        public Task StartAsync(CancellationToken cancellationToken = default) => _client.StartAsync(cancellationToken);

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => _client.SendFileAsync(path, offset, count, cancellationToken);

        public Task CompleteAsync() => _client.CompleteAsync();

        public void DisableBuffering() => _client.DisableBuffering();

        public FlushResult GetResult(short token) => _flush.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _flush.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        {
            _flush.OnCompleted(continuation, state, token, flags);
            _waiting.TrySetResult();
        }
    }

    /// <summary>A stream of batches of a thousand samples without an end; counts what is read, and notes the memory in use every million samples.</summary>
    private sealed class EndlessStream : IEventStore
    {
        private static readonly Metadata Metadata = Metadata.Parse(Encoding.UTF8.GetBytes("""{"display_name":"vm","host":"compute-1","status":"active"}"""));
        private readonly SeriesKey[] _series = [.. Enumerable.Range(0, 1_000).Select(n => new SeriesKey("m", SampleType.Gauge, "u", $"r{n}", "p", null, "s"))];
        private readonly Metadata[] _metadata = [.. Enumerable.Repeat(Metadata, 1_000)];
        private readonly TaskCompletionSource _readOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _read;

        public long Read => Volatile.Read(ref _read);

        public List<long> Memory { get; } = [];

        /// <summary>Ends when far more was read than a reader took that has stopped reading.</summary>
        public Task ReadOn => _readOn.Task;

        public async IAsyncEnumerable<StreamEvent> ReadStreamAsync(
            StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, [EnumeratorCancellation] CancellationToken ct = default)
        {
            await foreach (var e in ReadAllAsync(from - 1, ct))
                yield return StreamEvent.Of(e, 0);
        }

        public async IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, [EnumeratorCancellation] CancellationToken ct = default)
        {
            await Task.CompletedTask;
            for (var n = after + 1; ; n++)
            {
                ct.ThrowIfCancellationRequested();
                var (timestamps, volumes) = (new long[1_000], new double[1_000]);
                Array.Fill(timestamps, 1_790_812_800_000_000 + (n * 1_000_000));
                Array.Fill(volumes, n % 100 / 10.0);
                if (Interlocked.Increment(ref _read) % 1_000 == 0)
                {
                    Memory.Add(GC.GetTotalMemory(forceFullCollection: true));
                    _readOn.TrySetResult();
                }
                yield return new(
                    n, EventId.New(), "samples-recorded", new EventBody.Samples(new(_series, timestamps, volumes, _metadata)), [new(StreamName.Parse(Stream)!.Value, n)],
                    DateTimeOffset.UnixEpoch, EventMetadata.None);
            }
        }

        public IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct) => ReadAllAsync(after, ct);

        public Task<long> HeadAsync(CancellationToken ct = default) => Task.FromResult(0L);

        public IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", CancellationToken ct = default) => throw new NotSupportedException();

        public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default) => throw new NotSupportedException();

        public Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default) => throw new NotSupportedException();

        public Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default) => throw new NotSupportedException();
    }
}
