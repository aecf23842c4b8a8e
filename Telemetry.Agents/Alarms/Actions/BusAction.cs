using System.Text;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Agents.Alarms.Actions;

/// <summary>Publishes a notification to a topic of the message bus, as Aodh's evaluator tells its notifier: <c>alarm.update</c> of priority sample.</summary>
/// <param name="sender">Null where this process has no bus.</param>
internal sealed class BusAction(AlarmSettings settings, INotificationSender? sender, TimeProvider time)
{
    private static readonly string Publisher = $"telemetry.alarms.{Environment.MachineName}";

    /// <summary>Publishes, again where the bus does not take it.</summary>
    /// <param name="retries">How often it is tried again.</param>
    public async Task<ActionResult> SendAsync(string topic, AlarmNotification notification, int retries, CancellationToken ct)
    {
        if (!settings.ActionTopics.Contains(topic))
            return ActionResult.Refused($"actions may not publish to topic '{topic}': Telemetry:Alarms:ActionTopics does not name it");
        if (sender is null)
            return ActionResult.Refused("this process has no message bus: it needs the role ingest");
        var body = OsloNotification.Write(Publisher, "alarm.update", "sample", Encoding.UTF8.GetBytes(notification.Body()), time.GetUtcNow());
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await sender.SendAsync(topic, "sample", body, signature: null, ct);
                return ActionResult.Delivered("published", attempt);
            }
            catch (PublisherException e)
            {
                if (attempt > retries)
                    return ActionResult.Failed(e.Message, attempt);
            }
            await Task.Delay(ActionResult.PauseAfter(attempt), time, ct);
        }
    }
}
