using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Telemetry.Agents.Alarms.Actions;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Leases;
using Telemetry.Ingest.Notifications.Bus;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Agents.Alarms;

/// <summary>Registers what acts on alarms.</summary>
public static class AlarmAgentServiceCollectionExtensions
{
    /// <summary>
    /// The evaluator on its clock, event alarms and the notifier, as hosted services. Needs an event store, <c>IMeteringReader</c>,
    /// <c>IAlarmReader</c> and <c>AlarmStore</c>; add it after them, so that they are ready when it starts.
    /// </summary>
    public static IServiceCollection AddAlarmAgents(this IServiceCollection services)
    {
        services.AddOptions<AlarmsOptions>().BindConfiguration("Telemetry:Alarms").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<AlarmsOptions>>(s => new AlarmsOptionsValidator(s.GetRequiredService<AlarmSettings>(), s.GetService<INotificationSender>()));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ILeases, AllLeases>();
        services.TryAddSingleton<EvaluationCounters>();
        services.TryAddSingleton<HttpAction>();
        services.TryAddSingleton<TestAction>();
        services.TryAddSingleton(s => new BusAction(s.GetRequiredService<AlarmSettings>(), s.GetService<INotificationSender>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new PublishedTopics(s.GetRequiredService<AlarmSettings>().ActionTopics, "Telemetry:Alarms:ActionTopics"));
        services.TryAddSingleton<PrometheusClient>();
        services.TryAddSingleton<AlarmNotifier>();
        services.TryAddSingleton<PendingNotifications>();
        services.TryAddSingleton<LeafReader>();
        services.TryAddSingleton<AlarmEvaluator>();
        services.TryAddSingleton<EventAlarmListener>();
        services.AddHostedService(s => s.GetRequiredService<EventAlarmListener>());
        return services.AddHostedService<AlarmEvaluationService>();
    }
}
