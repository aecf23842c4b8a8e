using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Telemetry.Ingest.Datagrams;

/// <summary>Settings of a receiver of samples, sections <c>Telemetry:Ingest:Udp</c> and <c>Telemetry:Ingest:Tcp</c>.</summary>
public sealed class DatagramOptions : IValidatableObject
{
    public const string Udp = "Telemetry:Ingest:Udp";
    public const string Tcp = "Telemetry:Ingest:Tcp";

    /// <summary>The address to receive at, such as <c>127.0.0.1:4952</c>; empty (the default) for none.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>How many messages a second are read; over UDP more are dropped, over TCP they wait. Default 100 000.</summary>
    [Range(1, 10_000_000)]
    public int MaxPerSecond { get; set; } = 100_000;

    /// <summary>How many connections are open at a time; further ones are closed at once. TCP only, default 1000.</summary>
    [Range(1, 100_000)]
    public int MaxConnections { get; set; } = 1_000;

    internal IPEndPoint? Address => Endpoint.Length == 0 ? null : IPEndPoint.Parse(Endpoint);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Endpoint.Length > 0 && !IPEndPoint.TryParse(Endpoint, out _))
            yield return new($"Endpoint '{Endpoint}' is no address; one is written 127.0.0.1:4952.", [nameof(Endpoint)]);
    }
}
