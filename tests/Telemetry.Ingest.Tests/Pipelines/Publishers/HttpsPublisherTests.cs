using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Conformance;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Tests.Pipelines.Publishers;

/// <summary>Whom the publishers that speak HTTP believe over TLS, and as whom they come.</summary>
public sealed class HttpsPublisherTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _folder = new();
    private readonly Channel<string?> _clients = Channel.CreateUnbounded<string?>();
    private readonly X509Certificate2 _certificate;
    private readonly WebApplication _server;

    public HttpsPublisherTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=publisher-test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(_folder.File("ca.pem"), _certificate.ExportCertificatePem());
        File.WriteAllText(_folder.File("key.pem"), key.ExportPkcs8PrivateKeyPem());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = _certificate;
            https.ClientCertificateMode = Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        })));
        _server = builder.Build();
        _server.Run(context =>
        {
            _clients.Writer.TryWrite(context.Connection.ClientCertificate?.Thumbprint);
            return Task.CompletedTask;
        });
    }

    private string Address => _server.Urls.Single()["https://".Length..];

    public async ValueTask InitializeAsync() => await _server.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificate.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("https://{0}/?max_retries=0")]
    [InlineData("https://{0}/?max_retries=0&verify_ssl=True")]
    [InlineData("prometheus://{0}/metrics/job/j?max_retries=0&ssl=True")]
    public async Task A_certificate_that_nobody_vouches_for_is_not_talked_to(string url)
    {
        await Assert.ThrowsAsync<PublisherException>(() => PublishAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, url, Address)));
        Assert.Equal(0, _clients.Reader.Count);
    }

    [Theory]
    [InlineData("https://{0}/?verify_ssl=False")]
    [InlineData("https://{0}/?verify_ssl=off")]
    [InlineData("https://{0}/?verify_ssl={1}")]
    [InlineData("opentelemetryhttp://{0}/v1/metrics?ssl={1}")]
    [InlineData("prometheus://{0}/metrics/job/j?ssl={1}")]
    public async Task It_is_where_the_operator_vouches_for_it_or_does_not_care(string url)
    {
        await PublishAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, url, Address, _folder.File("ca.pem")));

        Assert.Null(await _clients.Reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>A mistyped path once meant that whoever the system trusts was trusted.</summary>
    [Theory]
    [InlineData("https://h/?verify_ssl=/nowhere/ca.pem", "verify_ssl is neither True nor False, and no file can be read at '/nowhere/ca.pem'")]
    [InlineData("prometheus://h/metrics/job/j?ssl=/nowhere/ca.pem", "ssl is neither True nor False, and no file can be read at '/nowhere/ca.pem'")]
    [InlineData("https://h/?verify_ssl={0}", "verify_ssl names the file '{0}', which holds no certificate.")]
    public async Task A_file_of_authorities_that_has_none_is_refused(string url, string message)
    {
        var key = _folder.File("key.pem");

        var refused = await Assert.ThrowsAsync<PublisherException>(() => PublishAsync(url.Replace("{0}", key, StringComparison.Ordinal)));

        Assert.Contains(message.Replace("{0}", key, StringComparison.Ordinal), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_publisher_shows_its_own_certificate_where_it_has_one()
    {
        await PublishAsync($"https://{Address}/?verify_ssl={_folder.File("ca.pem")}&clientcert={_folder.File("ca.pem")}&clientkey={_folder.File("key.pem")}");

        Assert.Equal(_certificate.Thumbprint, await _clients.Reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    private static Task PublishAsync(string url) =>
        new PublisherFactory(SigningSecrets.None, null, TimeProvider.System, "h").Create(PublisherUrl.Read(YamlValue.Parse("f", $"'{url}'")))!.PublishAsync([InFlight.Of()], TestContext.Current.CancellationToken);
}
