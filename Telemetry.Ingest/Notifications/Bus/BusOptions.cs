using System.ComponentModel.DataAnnotations;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>Settings of the message bus, section <c>Telemetry:RabbitMq</c>. A list that is not set has its default.</summary>
/// <remarks>Brokers refuse a queue or exchange that is declared otherwise than the services declare it: <c>Durable</c> and <c>Quorum</c> are to be theirs.</remarks>
public sealed class BusOptions : IValidatableObject
{
    public const string Section = "Telemetry:RabbitMq";

    /// <summary>The exchanges of the newest Ceilometer and of 9.0.7 together (notification_control_exchanges).</summary>
    internal static readonly string[] DefaultExchanges =
        ["nova", "glance", "neutron", "cinder", "heat", "keystone", "sahara", "trove", "zaqar", "swift", "ceilometer", "magnum", "dns", "ironic", "aodh"];

    internal static readonly string[] DefaultPriorities = ["audit", "critical", "debug", "error", "info", "sample", "warn"];

    /// <summary>The brokers, such as <c>rabbit://user:password@host1:5672,host2:5672/vhost</c> (<c>amqp</c> and <c>rabbit</c>; <c>amqps</c> for TLS); none: a bus within the process.</summary>
    public IList<string> Urls { get; } = [];

    /// <summary>The services' exchanges (their <c>control_exchange</c>).</summary>
    public IList<string> Exchanges { get; } = [];

    /// <summary>The topics of notifications. Default <c>notifications</c>.</summary>
    public IList<string> Topics { get; } = [];

    /// <summary>The priorities that are drained. Default all seven.</summary>
    public IList<string> Priorities { get; } = [];

    /// <summary>The exchange by which agents of telemetry talk to each other; also ours when we publish.</summary>
    [Required]
    public string TelemetryExchange { get; set; } = "ceilometer";

    /// <summary>As the services' <c>amqp_durable_queues</c>.</summary>
    public bool Durable { get; set; }

    /// <summary>As the services' <c>rabbit_quorum_queue</c>; implies <see cref="Durable"/>.</summary>
    public bool Quorum { get; set; }

    /// <summary>Messages that a queue gives out before they are acknowledged; as many are worked on at once, and their appends committed together. 1 to 10 000, default 200.</summary>
    [Range(1, 10_000)]
    public int Prefetch { get; set; } = 200;

    /// <summary>The queue and exchange of messages that cannot be read. They are durable.</summary>
    [Required]
    public string ErrorQueue { get; set; } = "telemetry.errors";

    /// <summary>How long a start waits for the brokers before it goes on without them and keeps trying. Default 10 s.</summary>
    [Range(0, 600)]
    public int StartTimeoutSeconds { get; set; } = 10;

    /// <summary>For TLS: a PEM file of authorities; empty for the system's.</summary>
    public string CaFile { get; set; } = "";

    /// <summary>For TLS: our certificate and its key, PEM files; empty for none.</summary>
    public string CertificateFile { get; set; } = "";

    /// <inheritdoc cref="CertificateFile"/>
    public string KeyFile { get; set; } = "";

    /// <summary>For TLS: the name that the broker's certificate must have; empty for the host's of the URL.</summary>
    public string ServerName { get; set; } = "";

    /// <summary>These brokers instead of the ones that are set.</summary>
    public void Use(IReadOnlyList<string> urls)
    {
        Urls.Clear();
        foreach (var url in urls)
            Urls.Add(url);
    }

    internal string[] EffectiveExchanges => Given(Exchanges, DefaultExchanges);

    internal string[] EffectiveTopics => Given(Topics, "notifications");

    internal string[] EffectivePriorities => Given(Priorities, DefaultPriorities);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var url in Urls)
        {
            string? reason = null;
            try
            {
                BusUrl.Parse(url);
            }
            catch (FormatException e)
            {
                reason = e.Message;
            }
            if (reason is not null)
                yield return new(reason, [nameof(Urls)]);
        }
        foreach (var (name, list) in new[] { (nameof(Exchanges), Exchanges), (nameof(Topics), Topics), (nameof(Priorities), Priorities) })
        {
            if (list.FirstOrDefault(n => n.Length is 0 or > 200 || n.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':'))) is { } wrong)
                yield return new($"'{wrong}' in {name} is no name: letters, digits, '.', '-', '_' and ':', at most 200.", [name]);
        }
        foreach (var file in new[] { CaFile, CertificateFile, KeyFile }.Where(f => f.Length > 0 && !File.Exists(f)))
            yield return new($"There is no file '{file}'.");
        if (CertificateFile.Length > 0 != KeyFile.Length > 0)
            yield return new("CertificateFile and KeyFile go together.", [nameof(CertificateFile)]);
    }

    private static string[] Given(IList<string> given, params string[] defaults) => given.Count > 0 ? [.. given.Distinct()] : defaults;
}
