using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Stores.Sqlite;
using Telemetry.Projections.Tests.Stores;

namespace Telemetry.Projections.Tests.Audit;

/// <summary>A log with its tree, its checkpoints and a signer.</summary>
internal sealed class AuditedLog : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly IReadModelStore _store;
    private readonly NoteSigner _signer;
    private int _events;

    public AuditedLog(params NoteVerifier[] witnesses) : this(null, witnesses)
    {
    }

    /// <param name="place">Where the tree is kept; null for a file.</param>
    public AuditedLog(StorePlace? place, params NoteVerifier[] witnesses)
    {
        _store = place?.Open() ?? new ReadModelDatabase(Path.Combine(_directory.Path, "read-model.db"), NullLogger.Instance);
        Tree = NewTree();
        _signer = new("telemetry.example/log", Ed25519Key.Create());
        Checkpoints = new(Path.Combine(_directory.Path, "checkpoints.db"));
        Audit = new(Tree, Checkpoints, _signer, witnesses);
        Log = new(Clock);
    }

    public ManualTime Clock { get; } = new();
    public InMemoryEventStore Log { get; }
    public AuditProjection Tree { get; private set; }
    public CheckpointStore Checkpoints { get; }
    public AuditLog Audit { get; }

    /// <summary>Appends samples of some projects, one each, in one batch; signed where a signature is given for it.</summary>
    public async Task<RecordedEvent> RecordAsync(string[] projects, Func<SampleBatch, BatchSignature>? sign = null)
    {
        var n = ++_events;
        var batch = new SampleBatch(
            [.. projects.Select((p, i) => new SeriesKey("cpu", SampleType.Gauge, "%", $"r{i % 3}", p, null, "test"))],
            [.. projects.Select((_, i) => 1_790_812_800_000_000 + (1_000_000L * n) + i)],
            [.. projects.Select((_, i) => n + (i / 10.0))],
            [.. projects.Select(_ => Metadata.Parse(Encoding.UTF8.GetBytes($$"""{"n":{{n % 4}}}""")))]);
        var signature = sign?.Invoke(batch);
        var metadata = new EventMetadata("rest", signature?.KeyId, signature?.ToString());
        return await AppendAsync(new NewEvent(EventId.FromName(BitConverter.GetBytes(n)), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))], metadata));
    }

    /// <summary>Appends an alarm's event.</summary>
    public Task<RecordedEvent> ChangeAlarmAsync(string alarm)
    {
        var n = ++_events;
        return AppendAsync(new NewEvent(EventId.FromName(BitConverter.GetBytes(n)), "alarm-state-changed", new EventBody.Json(Encoding.UTF8.GetBytes($$"""{"to":"ok","n":{{n}}}""")), [new(new("alarm", alarm))]));
    }

    public async Task<RecordedEvent> AppendAsync(params NewEvent[] events)
    {
        Clock.Advance(TimeSpan.FromSeconds(1));
        var result = await Log.AppendAsync(events);
        await foreach (var recorded in Log.ReadAllAsync(Tree.Position))
            Tree.Apply(recorded);
        return (await Log.FindAsync(result.Position))!;
    }

    /// <summary>A tree as a restarted server has it.</summary>
    public void Restart()
    {
        Tree.Flush();
        Tree = NewTree();
    }

    public async Task<List<RecordedEvent>> EventsAsync()
    {
        List<RecordedEvent> events = [];
        await foreach (var e in Log.ReadAllAsync())
            events.Add(e);
        return events;
    }

    public Task<AuditReport> VerifyAsync(IEventStore? log = null, IAuditTree? tree = null) =>
        new LogVerifier(log ?? Log, tree ?? Tree, Checkpoints.All(), Audit.Verifier).VerifyAsync();

    public void Dispose()
    {
        Checkpoints.Dispose();
        _signer.Dispose();
        _store.Dispose();
        _directory.Dispose();
    }

    private AuditProjection NewTree()
    {
        var tree = new AuditProjection(_store, NullLogger<AuditProjection>.Instance);
        tree.Load();
        return tree;
    }
}
