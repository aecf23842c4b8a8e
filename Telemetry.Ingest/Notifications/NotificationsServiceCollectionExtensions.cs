using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Datagrams;
using Telemetry.Ingest.Definitions;
using Telemetry.Ingest.Notifications.Bus;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Notifications;

public static class NotificationsServiceCollectionExtensions
{
    /// <summary>What a cloud says, over the bus, UDP and TCP: notifications, definitions, pipelines, signatures.</summary>
    /// <remarks>Needs the intakes of samples and events and the <see cref="DataDirectory"/>. A wrong file stops the host at its start (<see cref="ConfigurationFileException"/>).</remarks>
    public static IServiceCollection AddNotifications(this IServiceCollection services)
    {
        services.AddOptions<NotificationSettings>().BindConfiguration(NotificationSettings.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<PipelineSettings>().BindConfiguration(PipelineSettings.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(s => s.GetRequiredService<IOptions<NotificationSettings>>().Value.Options(s.GetRequiredService<SigningSecrets>()));
        services.AddSingleton(s => s.GetRequiredService<IOptions<NotificationSettings>>().Value.Files.Load(s.GetRequiredService<NotificationOptions>(), s.GetRequiredService<SampleReader>()));
        services.AddPipelines();
        services.AddSingleton<NotificationMetrics>();
        services.AddSingleton<NotificationLog>();
        services.AddSingleton<NotificationIntake>();
        services.AddSingleton<NotificationConsumer>();
        services.AddSingleton<IBusUser, NotificationQueues>();
        services.AddSingleton<BusSender>();
        services.AddSingleton<IBusUser>(s => s.GetRequiredService<BusSender>());
        services.AddSingleton<INotificationSender>(s => s.GetRequiredService<BusSender>());
        services.AddSingleton<PipelineStore>();
        services.AddSingleton<ISampleIntake>(s => s.GetRequiredService<PipelineStore>());
        services.AddTelemetryDatagrams();
        return services.AddBus(); // the last to start, the first to stop
    }

    /// <summary>The message bus, for all that are registered as its users.</summary>
    internal static IServiceCollection AddBus(this IServiceCollection services)
    {
        services.AddOptions<BusOptions>().BindConfiguration(BusOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        return services.AddHostedService<BusService>();
    }

    private static void AddPipelines(this IServiceCollection services)
    {
        services.AddSingleton(s => s.GetRequiredService<IOptions<PipelineSettings>>().Value is { Samples.Length: > 0 } files
            ? SamplePipelines.Read(files.Samples, DefinitionFiles.Text(files.Samples))
            : SamplePipelines.Default());
        services.AddSingleton(s => s.GetRequiredService<IOptions<PipelineSettings>>().Value is { Events.Length: > 0 } files
            ? EventPipelines.Read(files.Events, DefinitionFiles.Text(files.Events))
            : EventPipelines.Default());
        services.AddSingleton(s => new PublisherFactory(
            s.GetRequiredService<SigningSecrets>(), s.GetService<INotificationSender>(), s.GetRequiredService<TimeProvider>(), Environment.MachineName,
            s.GetRequiredService<IOptions<SigningSettings>>().Value.Signer()));
        services.AddSingleton(s => new PipelinePublishers(
            s.GetRequiredService<SamplePipelines>().Publishers.Concat(s.GetRequiredService<EventPipelines>().Publishers),
            s.GetRequiredService<PublisherFactory>(), s.GetRequiredService<ILogger<PipelinePublishers>>()));
        services.AddSingleton(s => new PipelineStateFile(
            s.GetRequiredService<DataDirectory>().PathOf("pipelines.json"), s.GetRequiredService<ILogger<PipelineStateFile>>()));
        services.AddSingleton<PipelineIntake>();
        services.AddSingleton(s => new PostedSamples(
            s.GetRequiredService<SamplePipelines>(), s.GetRequiredService<PipelineIntake>(), s.GetRequiredService<IEventStore>(), s.GetRequiredService<IProjectionProgress>(),
            s.GetRequiredService<SampleLimits>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<PostedSamples>>()));
        services.AddHostedService(s => s.GetRequiredService<PipelineIntake>());
    }
}
