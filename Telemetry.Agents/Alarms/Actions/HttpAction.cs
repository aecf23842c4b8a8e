using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace Telemetry.Agents.Alarms.Actions;

/// <summary>POSTs a notification to a URL. What comes back is told, but not read.</summary>
internal sealed class HttpAction : IDisposable
{
    private const int MaxRedirects = 5;
    private static readonly string[] VerifyArguments = ["aodh-alarm-ssl-verify", "ceilometer-alarm-ssl-verify"];

    private readonly AlarmsOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _verifying;
    private readonly HttpClient _trusting;

    /// <exception cref="OptionsValidationException">A file that the settings name is no certificate.</exception>
    public HttpAction(IOptions<AlarmsOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value, time);
        var policy = new WebhookPolicy(_options.RestrictWebhooks, [.. _options.AllowedNetworks.Select(n => IPNetwork.Parse(n))]);
        var (certificate, authorities) = (OwnCertificate(_options), Authorities(_options));
        _verifying = Client(policy, certificate, authorities is null ? null : (_, shown, _, errors) => IsSignedBy(authorities, shown, errors));
#pragma warning disable CA5359 // only where the owner of the alarm, or the operator, switched the check off: webhooks of test stacks have made-up certificates
        _trusting = Client(policy, certificate, static (_, _, _, _) => true);
#pragma warning restore CA5359
    }

    /// <summary>Sends the body, again where no connection came about; never because of a status.</summary>
    /// <param name="url">As the owner wrote it.</param>
    /// <param name="retries">How often it is tried again.</param>
    public async Task<ActionResult> SendAsync(string url, string body, int retries, CancellationToken ct)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address))
            return ActionResult.Refused($"'{url}' is no URL");
        var client = Verifies(address) ? _verifying : _trusting;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return ActionResult.Delivered(await SendAsync(client, address, body, ct), attempt);
            }
            catch (HttpRequestException e) when (e.InnerException is WebhookRefusedException refused)
            {
                return ActionResult.Refused(refused.Message);
            }
            catch (HttpRequestException e)
            {
                if (attempt > retries)
                    return ActionResult.Failed(e.Message, attempt);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return ActionResult.Failed($"no answer within {_options.WebhookTimeoutSeconds} s", attempt);
            }
            await Task.Delay(ActionResult.PauseAfter(attempt), _time, ct);
        }
    }

    public void Dispose()
    {
        _verifying.Dispose();
        _trusting.Dispose();
    }

    private async Task<string> SendAsync(HttpClient client, Uri address, string body, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(_options.WebhookTimeoutSeconds), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("x-openstack-request-id", $"req-{Guid.NewGuid()}");
        // Headers are enough: an answer of a gigabyte is cut off, not read.
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        return $"{(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
    }

    private static X509Certificate2? OwnCertificate(AlarmsOptions options)
    {
        var (file, key) = (options.WebhookCertificateFile, options.WebhookKeyFile);
        if (file.Length == 0)
            return key.Length == 0 ? null : throw Unusable(nameof(options.WebhookKeyFile), key, "it needs the certificate's file in WebhookCertificateFile");
        return Load(nameof(options.WebhookCertificateFile), key.Length == 0 ? file : $"{file}' with the key '{key}", () => X509Certificate2.CreateFromPemFile(file, key.Length == 0 ? null : key));
    }

    /// <summary>Null: those that the system trusts.</summary>
    private static X509Certificate2Collection? Authorities(AlarmsOptions options)
    {
        if (options.WebhookCaFile is not { Length: > 0 } file)
            return null;
        var authorities = new X509Certificate2Collection();
        Load(nameof(options.WebhookCaFile), file, () =>
        {
            authorities.ImportFromPemFile(file);
            return authorities;
        });
        return authorities.Count > 0 ? authorities : throw Unusable(nameof(options.WebhookCaFile), file, "it holds no certificate");
    }

    private static T Load<T>(string setting, string value, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw Unusable(setting, value, e.Message);
        }
    }

    private static OptionsValidationException Unusable(string setting, string value, string why) =>
        new(setting, typeof(AlarmsOptions), [$"Telemetry:Alarms:{setting} is '{value}', which cannot be used: {why.TrimEnd('.')}."]);

    private bool Verifies(Uri address)
    {
        var arguments = QueryHelpers.ParseQuery(address.Query);
        foreach (var name in VerifyArguments)
        {
            if (arguments.TryGetValue(name, out var value) && int.TryParse(value.ToString(), out var verify))
                return verify != 0;
        }
        return _options.WebhookVerify;
    }

    private static HttpClient Client(WebhookPolicy policy, X509Certificate2? certificate, RemoteCertificateValidationCallback? validate)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (context, ct) => policy.ConnectAsync(context.DnsEndPoint, ct),
            MaxAutomaticRedirections = MaxRedirects,
            MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
            UseProxy = false,
        };
        if (validate is not null)
            handler.SslOptions.RemoteCertificateValidationCallback = validate;
        if (certificate is not null)
            handler.SslOptions.ClientCertificates = [certificate];
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static bool IsSignedBy(X509Certificate2Collection authorities, X509Certificate? shown, SslPolicyErrors errors)
    {
        if (shown is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var certificate = X509CertificateLoader.LoadCertificate(shown.Export(X509ContentType.Cert));
        return chain.Build(certificate);
    }
}
