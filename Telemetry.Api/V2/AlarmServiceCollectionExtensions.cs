using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Projections.Alarms;

namespace Telemetry.Api.V2;

/// <summary>Settings of the calls about alarms, section <c>Telemetry:Alarms</c>.</summary>
public sealed class AlarmApiOptions : IValidatableObject
{
    /// <summary>How many alarms a project without a quota of its own may have; -1 (default) for any number.</summary>
    [Range(-1, int.MaxValue, ErrorMessage = "Telemetry:Alarms:ProjectQuota is -1 (unlimited) or more.")]
    public int ProjectQuota { get; set; } = -1;

    /// <summary>How many alarms a user may have; -1 (default) for any number.</summary>
    [Range(-1, int.MaxValue, ErrorMessage = "Telemetry:Alarms:UserQuota is -1 (unlimited) or more.")]
    public int UserQuota { get; set; } = -1;

    /// <summary>How many actions a state of an alarm may have; -1 (default) for any number.</summary>
    [Range(-1, int.MaxValue, ErrorMessage = "Telemetry:Alarms:MaxActions is -1 (unlimited) or more.")]
    public int MaxActions { get; set; } = -1;

    /// <summary>The topics of the message bus that actions <c>rpc://TOPIC</c> and <c>notifier://?topic=TOPIC</c> may publish to. Default: none, they are refused.</summary>
    public IList<string> ActionTopics { get; } = [];

    /// <summary>Whether <c>GET /v2/metrics</c> tells how evaluations ended. Default: false.</summary>
    public bool EvaluationMetrics { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var topic in ActionTopics.Where(t => t.Length is 0 or > 200 || !t.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')))
            yield return new($"Telemetry:Alarms:ActionTopics holds '{topic}', which is no name: letters, digits, '.', '-' and '_', at most 200.");
    }
}

/// <summary>Registers what the calls about alarms need.</summary>
public static class AlarmServiceCollectionExtensions
{
    /// <summary>Commands, quotas and the read side of alarms. Needs an <see cref="Domain.Streams.IEventStore"/>.</summary>
    public static IServiceCollection AddAlarms(this IServiceCollection services)
    {
        services.AddOptions<AlarmApiOptions>().BindConfiguration("Telemetry:Alarms").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(s =>
        {
            var options = s.GetRequiredService<IOptions<AlarmApiOptions>>().Value;
            return new AlarmSettings(options.ProjectQuota, options.UserQuota, options.MaxActions) { ActionTopics = [.. options.ActionTopics] };
        });
        services.AddAlarmProjection();
        services.TryAddSingleton<AlarmStore>();
        services.TryAddSingleton<AlarmQuotas>();
        services.TryAddSingleton<AlarmCommands>();
        services.TryAddSingleton<EvaluationCounters>();
        services.AddSingleton(Capabilities.Alarms);
        return services;
    }
}
