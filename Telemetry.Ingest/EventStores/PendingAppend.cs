using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>An append on its way through the writer's queue.</summary>
internal sealed class PendingAppend(IReadOnlyList<NewEvent> events)
{
    private const int Waiting = 0, Begun = 1, Withdrawn = 2;

    private readonly TaskCompletionSource<AppendResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    public IReadOnlyList<NewEvent> Events { get; } = events;

    /// <summary>When it was queued, on the clock of <see cref="Environment.TickCount64"/>.</summary>
    public long QueuedAt { get; } = Environment.TickCount64;

    /// <summary>About how much memory it holds.</summary>
    public long Bytes { get; } = events.Sum(e => e.Body switch
    {
        EventBody.Samples s => 200L + s.Batch.Count * (32L + (s.Batch.MessageIds is null ? 0 : 16) + (s.Batch.Signatures is null ? 0 : 32)),
        EventBody.Json j => 200L + j.Utf8.Length,
        _ => 0,
    });

    public Task<AppendResult> Completion => _completion.Task;

    /// <summary>What became of it so far; told to the caller once the group is committed.</summary>
    public AppendResult? Result { get; set; }

    /// <summary>What was stored for it.</summary>
    public IReadOnlyList<RecordedEvent> Recorded { get; set; } = [];

    /// <summary>Takes it out of the queue to write it; false where its caller has withdrawn it.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, Waiting) is Waiting or Begun;

    public void Withdraw(CancellationToken ct)
    {
        if (Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) == Waiting)
            _completion.TrySetCanceled(ct);
    }

    public void Succeed() => _completion.TrySetResult(Result!);

    public void Fail(Exception cause) => _completion.TrySetException(cause);
}
