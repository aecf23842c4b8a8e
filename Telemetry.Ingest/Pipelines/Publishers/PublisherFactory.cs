using Telemetry.Domain.Audit;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary>Makes the publishers that pipeline files name.</summary>
/// <param name="secrets">With which messages carry an HMAC.</param>
/// <param name="sender">The bus for <c>notifier://</c>; null where there is none.</param>
/// <param name="host">This host's name, as messages carry it.</param>
/// <param name="signer">Signs batches of samples over <c>notifier://</c> and <c>http://</c>; null for none.</param>
public sealed class PublisherFactory(SigningSecrets secrets, INotificationSender? sender, TimeProvider clock, string host, BatchSigner? signer = null)
{
    /// <summary>Null for the store, which is not published to but appended to.</summary>
    /// <exception cref="PublisherException">The publisher cannot be made: a certificate cannot be read, or there is no bus.</exception>
    public IPublisher? Create(PublisherUrl url)
    {
        try
        {
            return url.Kind switch
            {
                PublisherKind.Store => null,
                PublisherKind.Notifier => new NotifierPublisher(
                    url, secrets, signer, sender ?? throw new PublisherException($"{url}: there is no message bus; one is named by --rabbitmq."), clock, host),
                PublisherKind.Udp => new UdpPublisher(url, secrets),
                PublisherKind.Tcp => new TcpPublisher(url, secrets, host),
                PublisherKind.Http or PublisherKind.Prometheus or PublisherKind.OpenTelemetryHttp => new HttpPublisher(url, signer),
                PublisherKind.File => new FilePublisher(url),
                PublisherKind.Test => new MemoryPublisher(),
                _ => throw new ArgumentOutOfRangeException(nameof(url), url.Kind, "No such publisher."),
            };
        }
        catch (Exception e) when (e is IOException or System.Security.Cryptography.CryptographicException)
        {
            throw new PublisherException($"{url}: {e.Message}", e);
        }
    }
}
