using System.Globalization;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>A connection string as the clients of EventStoreDB and KurrentDB take it.</summary>
/// <remarks><c>esdb://USER:PASSWORD@HOST1:2113,HOST2:2113?tls=true</c>; also <c>kurrentdb://</c>, and <c>+discover</c> behind either.</remarks>
/// <param name="Hosts">At least one. Where there are several, or <paramref name="Discover"/> is set, they are asked for their leader.</param>
/// <param name="CaFile">The certificates, PEM, of whom the nodes' certificates are trusted to; null: whom the system trusts.</param>
/// <param name="Timeout">What one call may take; null: the store's own setting.</param>
internal sealed record EventStoreDbAddress(
    IReadOnlyList<Uri> Hosts, bool Discover, bool VerifyCertificate = true, string? CaFile = null, string? User = null, string? Password = null,
    TimeSpan? Timeout = null, TimeSpan? KeepAliveInterval = null, TimeSpan? KeepAliveTimeout = null)
{
    public const string Example = "esdb://USER:PASSWORD@HOST:2113?tls=true";

    private const int DefaultPort = 2113;

    // What the servers' own clients know besides. All calls go to the leader, and names of connections are for their logs alone.
    private static readonly string[] WithoutEffect =
        ["connectionName", "maxDiscoverAttempts", "discoveryInterval", "gossipTimeout", "nodePreference", "throwOnAppendFailure"];

    /// <summary>Whether a text is meant as such a connection string.</summary>
    public static bool IsOne(string text) => SchemeOf(text) is not null;

    /// <exception cref="FormatException">It is none; the message names the part, and never repeats the password.</exception>
    public static EventStoreDbAddress Parse(string text)
    {
        if (SchemeOf(text) is not { } scheme)
            throw new FormatException($"The address of an EventStoreDB begins with esdb:// or kurrentdb://, such as {Example}.");
        var rest = text[(scheme.Length + 3)..];
        var query = rest.IndexOf('?', StringComparison.Ordinal);
        var parameters = Parameters(query < 0 ? "" : rest[(query + 1)..]);
        rest = (query < 0 ? rest : rest[..query]).TrimEnd('/');
        var at = rest.LastIndexOf('@');
        var (user, password) = at < 0 ? (null, null) : Credentials(rest[..at]);

        var tls = Flag(parameters, "tls", true);
        var hosts = rest[(at + 1)..].Split(',').Select(host => Host(host, tls)).ToList();
        var caFile = parameters.GetValueOrDefault("tlsCaFile");
        if (caFile is not null && !tls)
            throw new FormatException("Parameter tlsCaFile needs tls=true.");
        if (caFile is not null && !File.Exists(caFile))
            throw new FormatException($"Parameter tlsCaFile: there is no file '{caFile}'.");
        return new(
            hosts, scheme.EndsWith("+discover", StringComparison.OrdinalIgnoreCase) || hosts.Count > 1, Flag(parameters, "tlsVerifyCert", true), caFile, user, password,
            Milliseconds(parameters, "defaultDeadline"), Milliseconds(parameters, "keepAliveInterval"), Milliseconds(parameters, "keepAliveTimeout"));
    }

    /// <summary>Where it is, without what is secret.</summary>
    public override string ToString() => string.Join(',', Hosts.Select(h => h.Authority));

    private static string? SchemeOf(string text) => text.IndexOf("://", StringComparison.Ordinal) is > 0 and var end
        && text[..end].ToUpperInvariant() is "ESDB" or "ESDB+DISCOVER" or "KURRENTDB" or "KURRENTDB+DISCOVER" ? text[..end] : null;

    private static Dictionary<string, string> Parameters(string query)
    {
        string[] known = ["tls", "tlsVerifyCert", "tlsCaFile", "defaultDeadline", "keepAliveInterval", "keepAliveTimeout", .. WithoutEffect];
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair : pair[..equals];
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
                throw new FormatException($"Parameter {name} is not known; there are {string.Join(", ", known)}.");
            if (equals < 0 || equals == pair.Length - 1)
                throw new FormatException($"Parameter {name} has no value.");
            if (!parameters.TryAdd(name, Uri.UnescapeDataString(pair[(equals + 1)..])))
                throw new FormatException($"Parameter {name} is given twice.");
        }
        return parameters;
    }

    private static (string User, string Password) Credentials(string text) => text.Split(':') is [{ Length: > 0 } user, var password]
        ? (Uri.UnescapeDataString(user), Uri.UnescapeDataString(password))
        : throw new FormatException("Before the @ are user and password, USER:PASSWORD, with :, @, / and % in them written as %3A, %40, %2F and %25.");

    private static Uri Host(string text, bool tls) =>
        text.Length > 0 && Uri.TryCreate($"{(tls ? "https" : "http")}://{text}", UriKind.Absolute, out var uri) && uri is { AbsolutePath: "/", Host.Length: > 0 }
            ? new UriBuilder(uri) { Port = HasPort(text) ? uri.Port : DefaultPort }.Uri
            : throw new FormatException($"'{text}' is no host, such as db1 or db1:2113.");

    private static bool HasPort(string host) => host.LastIndexOf(':') > host.LastIndexOf(']');

    private static bool Flag(Dictionary<string, string> parameters, string name, bool otherwise) =>
        !parameters.TryGetValue(name, out var text) ? otherwise : bool.TryParse(text, out var value) ? value : throw new FormatException($"Parameter {name} is '{text}', neither true nor false.");

    private static TimeSpan? Milliseconds(Dictionary<string, string> parameters, string name) =>
        !parameters.TryGetValue(name, out var text) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms > 0 ? TimeSpan.FromMilliseconds(ms)
        : throw new FormatException($"Parameter {name} is '{text}', not a number of milliseconds above 0.");
}
