using System.Collections.Specialized;
using System.Web;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines;

/// <summary>Where a sink's samples or events go.</summary>
public enum PublisherKind
{
    /// <summary>Our own store; <c>gnocchi</c>, <c>database</c> and <c>direct</c> are read as it.</summary>
    Store,
    Notifier,
    Udp,
    Tcp,
    Http,
    File,
    Prometheus,
    OpenTelemetryHttp,

    /// <summary>Kept in memory.</summary>
    Test,
}

/// <summary>A publisher as a pipeline file names it: <c>SCHEME://HOST:PORT/PATH?OPTION=VALUE</c>.</summary>
/// <remarks>A scheme alone is enough (<c>notifier</c>). Of a repeated option the last value counts, unless it is a list.</remarks>
public sealed record PublisherUrl
{
    private readonly NameValueCollection _options;

    private PublisherUrl(PublisherKind kind, Uri url)
    {
        Kind = kind;
        Url = url;
        _options = HttpUtility.ParseQueryString(url.Query);
    }

    public PublisherKind Kind { get; }

    public Uri Url { get; }

    /// <summary>An option's last value, null where it is not given; given without a value it is empty.</summary>
    public string? Option(string name) => Options(name) is [.., var last] ? last : null;

    /// <summary>All values of an option.</summary>
    public IReadOnlyList<string> Options(string name) =>
        _options.GetValues(name) ?? (_options.GetValues(null)?.Contains(name) == true ? [""] : []);

    // Options follow from the address.
    public bool Equals(PublisherUrl? other) => other is not null && Kind == other.Kind && Url.OriginalString == other.Url.OriginalString;

    public override int GetHashCode() => Url.OriginalString.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Url.UserInfo.Length == 0 ? Url.OriginalString : new UriBuilder(Url) { UserName = "", Password = "" }.Uri.ToString();

    /// <exception cref="ConfigurationFileException">It is no URL, or names a publisher that does not exist here.</exception>
    internal static PublisherUrl Read(YamlValue yaml)
    {
        var text = yaml.Text();
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"{text}://";
        var scheme = full[..full.IndexOf("://", StringComparison.Ordinal)];
        PublisherKind kind = scheme switch
        {
            "store" or "gnocchi" or "database" or "direct" => PublisherKind.Store,
            "notifier" => PublisherKind.Notifier,
            "udp" => PublisherKind.Udp,
            "tcp" => PublisherKind.Tcp,
            "http" or "https" => PublisherKind.Http,
            "file" => PublisherKind.File,
            "prometheus" => PublisherKind.Prometheus,
            "opentelemetryhttp" => PublisherKind.OpenTelemetryHttp,
            "test" => PublisherKind.Test,
            "kafka" or "zaqar" => throw yaml.Error($"Publisher '{scheme}' is not supported; take notifier, http or file instead."),
            "http_alt" or "file_alt" => throw yaml.Error($"Publisher '{scheme}' is not supported; take {scheme[..4]} instead."),
            _ => throw yaml.Error($"There is no publisher '{scheme}'; "
                + "there are store, notifier, udp, tcp, http, https, file, prometheus, opentelemetryhttp and test."),
        };
        // Uri wants a host where most of these need none.
        var withHost = full.EndsWith("://", StringComparison.Ordinal) ? full + "localhost" : full.Replace("://?", "://localhost?", StringComparison.Ordinal);
        if (!Uri.TryCreate(withHost, UriKind.Absolute, out var url))
            throw yaml.Error($"'{text}' is no URL.");
        if (withHost != full
            && kind is PublisherKind.Udp or PublisherKind.Tcp or PublisherKind.Http or PublisherKind.Prometheus or PublisherKind.OpenTelemetryHttp)
            throw yaml.Error($"'{text}' names no host.");
        if (kind == PublisherKind.File && url.AbsolutePath is "" or "/")
            throw yaml.Error($"'{text}' names no file; file:///PATH does.");
        return new(kind, url);
    }
}
