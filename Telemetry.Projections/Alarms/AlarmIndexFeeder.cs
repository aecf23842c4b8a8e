using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Alarms;

/// <summary>Fills the index: at start from the alarms' own streams, then from the log as it grows.</summary>
/// <remarks>
/// Reading <c>alarm-</c> streams takes time in proportion to the alarms; replaying the log would go through every batch of samples, and a
/// table with a checkpoint would be a second truth to keep. The end of the log is noted before the streams are read, so that nothing falls
/// between; what is read twice is passed over by version.
/// </remarks>
internal sealed class AlarmIndexFeeder(IEventStore store, AlarmIndex index, ILogger<AlarmIndexFeeder> log) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _following = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var head = await store.HeadAsync(cancellationToken);
        await foreach (var stream in store.ListStreamsAsync($"{AlarmEvent.Category}-", cancellationToken))
        {
            await foreach (var stored in store.ReadStreamAsync(stream.Stream, ct: cancellationToken))
                index.Apply(stored.Stream, stored.Version, AlarmEvents.Read(stored.Event));
        }
        _following = Task.Run(() => FollowAsync(head, _stop.Token), CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _following;
    }

    public void Dispose() => _stop.Dispose();

    private async Task FollowAsync(long after, CancellationToken ct)
    {
        try
        {
            await foreach (var recorded in store.SubscribeAsync(after, ct))
            {
                after = recorded.Position;
                if (AlarmEvents.IsAlarmEvent(recorded) && !index.Has(recorded.Streams[0].Stream, recorded.Streams[0].Version)) // this process's own it has
                    index.Apply(recorded.Streams[0].Stream, recorded.Streams[0].Version, AlarmEvents.Read(recorded));
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopped.
        }
#pragma warning disable CA1031 // whatever went wrong, the index stops loudly and the server goes on
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.ProjectionFailed(log, "alarms", after, e);
        }
    }
}
