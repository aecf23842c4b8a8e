using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Schema.Alarms;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Samples;

namespace Telemetry.Api.GraphQL.Schema.Subscriptions;

/// <summary>Reads the log once for all live subscriptions, and hands each event to those whom it may concern.</summary>
internal sealed class LogFeed(
    IEventStore log, IAlarmReader alarms, AlarmStore alarmStore, ITopicEventSender topics, TimeProvider time, ILogger<LogFeed> logger) : BackgroundService
{
    /// <summary>The topics' names; messages are <see cref="AlarmStateChangedView"/>, and of the others <see cref="RecordedEvent"/>.</summary>
    public const string AlarmStates = "telemetry/alarm-states", Samples = "telemetry/samples", TelemetryEvents = "telemetry/events";

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? after = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                after ??= await log.HeadAsync(stoppingToken);
                await foreach (var recorded in log.SubscribeAsync(after.Value, stoppingToken))
                {
                    after = recorded.Position;
                    await HandOnAsync(recorded, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // One event that cannot be read must not end all subscriptions: logged, and on with the next one.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.FeedFailed(logger, e, after ?? 0);
                await Task.Delay(RetryPause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async ValueTask HandOnAsync(RecordedEvent recorded, CancellationToken ct)
    {
        switch (recorded.Type)
        {
            case SampleIntake.EventType:
                await topics.SendAsync(Samples, recorded, ct);
                break;
            case TelemetryEventsRecorded.Name:
                await topics.SendAsync(TelemetryEvents, recorded, ct);
                break;
            case AlarmEvent.AlarmStateChanged.Name when AlarmEvents.Read(recorded) is AlarmEvent.AlarmStateChanged change:
                var stored = StreamEvent.Of(recorded, 0);
                var id = stored.Stream.ToString()[(AlarmEvent.Category.Length + 1)..];
                // In memory as a rule; where another process was faster than the index, the stream has it.
                var alarm = await alarms.FindAsync(id, ct) is { } known && known.Version >= stored.Version ? known : await alarmStore.LoadAsync(id, ct);
                if (alarm is not null)
                    await topics.SendAsync(AlarmStates, new AlarmStateChangedView(stored, change, alarm), ct);
                break;
        }
    }
}
