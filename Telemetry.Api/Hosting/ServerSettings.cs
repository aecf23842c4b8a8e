namespace Telemetry.Api.Hosting;

/// <summary>What the command line says of the server; null where it says nothing and the configuration decides.</summary>
/// <param name="Urls">Key <c>Telemetry:Urls</c>.</param>
/// <param name="Insecure">Key <c>Telemetry:Insecure</c>.</param>
/// <param name="RabbitMq">Key <c>Telemetry:RabbitMq:Urls</c>.</param>
internal sealed record ServerSettings(StoreSettings Stores, string? Urls = null, bool Insecure = false, IReadOnlyList<string>? RabbitMq = null)
{
    public const string DefaultUrls = "http://127.0.0.1:8777";
}

/// <summary>The server cannot start as it is set up; the message says what to change.</summary>
internal sealed class ServerStartException(string message, Exception? cause = null) : Exception(message, cause);
