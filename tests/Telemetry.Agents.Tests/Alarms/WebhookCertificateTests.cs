using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Agents.Alarms;
using Telemetry.Agents.Alarms.Actions;
using Telemetry.Conformance;

namespace Telemetry.Agents.Tests.Alarms;

/// <summary>Webhooks over TLS, against a server whose certificate an authority of the test's own has signed.</summary>
public sealed class WebhookCertificateTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private readonly X509Certificate2 _authority = Authority();
    private WebApplication _server = null!;

    private string Url => _server.Urls.Single() + "/hook";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = Signed("server");
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.ClientCertificateValidation = static (_, _, _) => true;
        })));
        _server = builder.Build();
        _server.Run(async context =>
        {
            context.Response.StatusCode = await context.Connection.GetClientCertificateAsync() is { } shown && shown.Issuer == _authority.Subject ? 202 : 401;
            await context.Response.CompleteAsync();
        });
        await _server.StartAsync();
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_authority_is_refused()
    {
        var result = await SendAsync(new(), Url);

        Assert.Equal("failed", result.Outcome);
        Assert.Contains("SSL", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_the_given_authority_is_accepted()
    {
        Assert.Equal("401 Unauthorized", (await SendAsync(new() { WebhookCaFile = Pem("ca.pem", _authority.ExportCertificatePem()) }, Url)).Detail);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_or_for_another_name_is_refused()
    {
        using var other = Authority();

        Assert.Equal("failed", (await SendAsync(new() { WebhookCaFile = Pem("other.pem", other.ExportCertificatePem()) }, Url)).Outcome);
        Assert.Equal(
            "failed",
            (await SendAsync(new() { WebhookCaFile = Pem("ca.pem", _authority.ExportCertificatePem()) }, Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal))).Outcome);
    }

    [Theory]
    [InlineData(false, "", true)]
    [InlineData(true, "", false)]
    [InlineData(true, "?aodh-alarm-ssl-verify=0", true)]
    [InlineData(false, "?aodh-alarm-ssl-verify=1", false)]
    [InlineData(true, "?ceilometer-alarm-ssl-verify=0", true)]
    [InlineData(false, "?a=b&ceilometer-alarm-ssl-verify=1", false)]
    public async Task Checking_is_switched_by_the_setting_and_by_the_address(bool verify, string query, bool sent)
    {
        Assert.Equal(sent ? "delivered" : "failed", (await SendAsync(new() { WebhookVerify = verify }, Url + query)).Outcome);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Our_own_certificate_is_shown(bool keyApart)
    {
        using var own = Signed("telemetry");
        var (certificate, key) = (own.ExportCertificatePem(), own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var options = new AlarmsOptions
        {
            WebhookCaFile = Pem("ca.pem", _authority.ExportCertificatePem()),
            WebhookCertificateFile = Pem("own.pem", keyApart ? certificate : certificate + "\n" + key),
            WebhookKeyFile = keyApart ? Pem("own.key", key) : "",
        };

        Assert.Equal("202 Accepted", (await SendAsync(options, Url)).Detail);
    }

    /// <summary>A mistyped path must not mean that whoever the system trusts is trusted.</summary>
    [Fact]
    public void A_file_that_the_settings_name_and_that_cannot_be_used_is_refused_by_name()
    {
        var (key, text) = (Signed("x").GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Pem("text.pem", "no certificate"));
        var keyFile = Pem("key.pem", key);
        string Refused(AlarmsOptions options) => Assert.Throws<OptionsValidationException>(() => new HttpAction(Options.Create(options), TimeProvider.System)).Message;

        Assert.StartsWith("Telemetry:Alarms:WebhookCaFile is '/nowhere/ca.pem', which cannot be used: Could not find", Refused(new() { WebhookCaFile = "/nowhere/ca.pem" }), StringComparison.Ordinal);
        Assert.Equal($"Telemetry:Alarms:WebhookCaFile is '{text}', which cannot be used: it holds no certificate.", Refused(new() { WebhookCaFile = text }));
        Assert.Equal($"Telemetry:Alarms:WebhookCaFile is '{keyFile}', which cannot be used: it holds no certificate.", Refused(new() { WebhookCaFile = keyFile }));
        Assert.StartsWith("Telemetry:Alarms:WebhookCertificateFile is '/nowhere/own.pem', which cannot be used: ", Refused(new() { WebhookCertificateFile = "/nowhere/own.pem" }), StringComparison.Ordinal);
        Assert.StartsWith(
            $"Telemetry:Alarms:WebhookCertificateFile is '{text}' with the key '{keyFile}', which cannot be used: ", Refused(new() { WebhookCertificateFile = text, WebhookKeyFile = keyFile }), StringComparison.Ordinal);
        Assert.Equal(
            $"Telemetry:Alarms:WebhookKeyFile is '{keyFile}', which cannot be used: it needs the certificate's file in WebhookCertificateFile.", Refused(new() { WebhookKeyFile = keyFile }));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _authority.Dispose();
        _directory.Dispose();
    }

    private static async Task<ActionResult> SendAsync(AlarmsOptions options, string url)
    {
        using var action = new HttpAction(Options.Create(options), TimeProvider.System);
        return await action.SendAsync(url, "{}", 0, TestContext.Current.CancellationToken);
    }

    private string Pem(string name, string text)
    {
        var path = Path.Combine(_directory.Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=authority {Guid.NewGuid()}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    private X509Certificate2 Signed(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
