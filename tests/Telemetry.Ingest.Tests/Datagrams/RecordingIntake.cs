using System.Threading.Channels;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Datagrams;

namespace Telemetry.Ingest.Tests.Datagrams;

/// <summary>Keeps what it is given until a test takes it.</summary>
internal sealed class RecordingIntake : ISampleIntake
{
    private readonly Channel<SampleInFlight> _samples = Channel.CreateUnbounded<SampleInFlight>();
    private (Exception Failure, TaskCompletionSource Failed)? _next;

    /// <summary>Lets the next call fail; ends when it has.</summary>
    public Task FailNextAsync(Exception failure)
    {
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _next = (failure, failed);
        return failed.Task;
    }

    public Task AcceptAsync(IReadOnlyList<SampleInFlight> samples, string source, CancellationToken ct)
    {
        if (_next is var (failure, failed))
        {
            _next = null;
            failed.SetResult();
            return Task.FromException(failure);
        }
        foreach (var sample in samples)
            _samples.Writer.TryWrite(sample);
        return Task.CompletedTask;
    }

    /// <summary>The next samples, waited for at most ten seconds.</summary>
    public async Task<IReadOnlyList<SampleInFlight>> TakeAsync(int count)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var taken = new List<SampleInFlight>();
        while (taken.Count < count)
            taken.Add(await _samples.Reader.ReadAsync(timeout.Token));
        return taken;
    }
}
