using System.Net;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Alarms;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Agents.Alarms;

/// <summary>What one attribute cannot say about the settings of alarms.</summary>
/// <param name="sender">Null where this process has no message bus.</param>
internal sealed class AlarmsOptionsValidator(AlarmSettings settings, INotificationSender? sender) : IValidateOptions<AlarmsOptions>
{
    public ValidateOptionsResult Validate(string? name, AlarmsOptions options)
    {
        if (options.AllowedNetworks.FirstOrDefault(n => !IPNetwork.TryParse(n, out _)) is { } network)
            return ValidateOptionsResult.Fail($"Telemetry:Alarms:AllowedNetworks holds '{network}', which is no network such as 10.1.0.0/16.");
        if (options.PrometheusUrl.Length > 0 && !(Uri.TryCreate(options.PrometheusUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            return ValidateOptionsResult.Fail($"Telemetry:Alarms:PrometheusUrl is '{options.PrometheusUrl}', which is no URL such as http://prometheus:9090.");
        if (sender is null && settings.ActionTopics is [var topic, ..])
        {
            return ValidateOptionsResult.Fail(
                $"Telemetry:Alarms:ActionTopics names the topic '{topic}', which takes a message bus: a process with the role alarms needs the role ingest for it.");
        }
        return ValidateOptionsResult.Success;
    }
}
