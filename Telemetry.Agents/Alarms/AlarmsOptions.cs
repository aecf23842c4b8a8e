using System.ComponentModel.DataAnnotations;

namespace Telemetry.Agents.Alarms;

/// <summary>Settings of the alarm evaluator and notifier, section <c>Telemetry:Alarms</c>.</summary>
public sealed class AlarmsOptions
{
    /// <summary>How often alarms are evaluated, on multiples of it since 1970. 1 to 86 400 seconds; default 60.</summary>
    [Range(1, 86_400, ErrorMessage = "Telemetry:Alarms:EvaluationIntervalSeconds is between 1 and 86400.")]
    public int EvaluationIntervalSeconds { get; set; } = 60;

    /// <summary>How much longer threshold alarms look back, because samples arrive late. 0 to 86 400 seconds; default 0.</summary>
    [Range(0, 86_400, ErrorMessage = "Telemetry:Alarms:AdditionalIngestionLagSeconds is between 0 and 86400.")]
    public int AdditionalIngestionLagSeconds { get; set; }

    /// <summary>How long a webhook may take to answer. 1 to 600 seconds; default 10.</summary>
    [Range(1, 600, ErrorMessage = "Telemetry:Alarms:WebhookTimeoutSeconds is between 1 and 600.")]
    public int WebhookTimeoutSeconds { get; set; } = 10;

    /// <summary>How often a webhook that cannot be connected to is tried again, after 1, 2, 4 … seconds. 0 to 10; default 3.</summary>
    [Range(0, 10, ErrorMessage = "Telemetry:Alarms:WebhookRetries is between 0 and 10.")]
    public int WebhookRetries { get; set; } = 3;

    /// <summary>Whether certificates of webhooks are checked. A URL can override it with <c>aodh-alarm-ssl-verify=0|1</c>. Default: true.</summary>
    public bool WebhookVerify { get; set; } = true;

    /// <summary>A PEM file of authorities that webhooks' certificates may be signed by; empty: the system's.</summary>
    public string WebhookCaFile { get; set; } = "";

    /// <summary>A PEM file with the certificate that webhooks are shown; empty: none.</summary>
    public string WebhookCertificateFile { get; set; } = "";

    /// <summary>A PEM file with its key; empty: it is in the certificate's file.</summary>
    public string WebhookKeyFile { get; set; } = "";

    /// <summary>Whether webhooks to loopback, link-local and metadata addresses are refused. Default: false; set it where tenants are not trusted.</summary>
    public bool RestrictWebhooks { get; set; }

    /// <summary>Networks such as <c>10.1.0.0/16</c> that webhooks may reach in spite of <see cref="RestrictWebhooks"/>.</summary>
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>The Prometheus server that prometheus rules ask, such as <c>http://prometheus:9090</c>; empty: none.</summary>
    public string PrometheusUrl { get; set; } = "";

    /// <summary>The label that names a series' project there: rules of a project's members read nothing but their project's series. Default: <c>project</c>.</summary>
    [RegularExpression("[a-zA-Z_][a-zA-Z0-9_]*", ErrorMessage = "Telemetry:Alarms:PrometheusProjectLabel is a label's name: letters, digits and _.")]
    public string PrometheusProjectLabel { get; set; } = "project";
}
