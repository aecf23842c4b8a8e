using System.Threading.Channels;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Datagrams;

namespace Telemetry.Ingest.Tests.Datagrams;

/// <summary>Keeps what it is given until a test takes it.</summary>
internal sealed class RecordingIntake : ISampleIntake
{
    private readonly Channel<SampleInFlight> _samples = Channel.CreateUnbounded<SampleInFlight>();

    /// <summary>Thrown at the next call.</summary>
    public Exception? Failure { get; set; }

    public Task AcceptAsync(IReadOnlyList<SampleInFlight> samples, string source, CancellationToken ct)
    {
        if (Failure is { } failure)
        {
            Failure = null;
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
