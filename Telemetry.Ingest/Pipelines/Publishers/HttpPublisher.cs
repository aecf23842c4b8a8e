using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Web;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary><c>http://</c>, <c>https://</c>, <c>prometheus://</c> and <c>opentelemetryhttp://</c>: POST requests.</summary>
/// <remarks>
/// Options, which are taken out of the address: <c>timeout</c> (5 s), <c>max_retries</c> (2, of connections that fail), <c>batch</c>
/// (True; False sends one request an item), <c>verify_ssl</c> (True, False or the path of a CA), <c>clientcert</c>, <c>clientkey</c>,
/// <c>raw_only</c> (False; True sends the payloads of events' raw notifications), <c>ssl</c> (False; for the last two schemes).
/// An answer other than 2xx is an error and not tried again. With a signer the samples of <c>http://</c> and <c>https://</c> are signed, over their streams.
/// </remarks>
internal sealed class HttpPublisher : IPublisher, IDisposable
{
    private static readonly string[] OwnOptions = ["timeout", "max_retries", "batch", "verify_ssl", "clientcert", "clientkey", "raw_only", "ssl"];

    private readonly PublisherUrl _url;
    private readonly BatchSigner? _signer;
    private readonly Uri _address;
    private readonly HttpClient _client;
    private readonly int _retries;
    private readonly bool _batch;
    private readonly bool _rawOnly;

    /// <param name="signer">Null where nothing is signed.</param>
    public HttpPublisher(PublisherUrl url, BatchSigner? signer = null)
    {
        (_url, _signer) = (url, signer);
        _address = Address(url);
        _retries = (int)Math.Clamp(Number("max_retries", 2), 0, 100);
        _batch = !IsFalse(url.Option("batch"));
        _rawOnly = url.Option("raw_only") is { } raw && !IsFalse(raw);
        _client = new HttpClient(Handler(url)) { Timeout = TimeSpan.FromSeconds(Math.Clamp(Number("timeout", 5), 0.1, 3600)) };
        if (url.Url.UserInfo.Length > 0)
            _client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.Url.UserInfo))));
    }

    public async Task PublishAsync(IReadOnlyList<SampleInFlight> samples, CancellationToken ct)
    {
        if (samples.Count == 0)
            return;
        if (_url.Kind == PublisherKind.Prometheus)
        {
            await PushAsync(samples, ct);
            return;
        }
        if (_url.Kind == PublisherKind.OpenTelemetryHttp)
        {
            foreach (var sample in samples)
                await PostAsync(_address, PublishedText.OpenTelemetry(sample), "application/json", ct);
            return;
        }
        await PostJsonAsync([.. samples.Select(PublishedText.Json)], _signer is null ? null : Sign, ct);
    }

    public Task PublishAsync(IReadOnlyList<TelemetryEvent> events, CancellationToken ct) => _url.Kind == PublisherKind.Http
        ? PostJsonAsync([.. _rawOnly ? events.SelectMany(RawPayload) : events.Select(PublishedText.Json)], null, ct)
        : throw new NotSupportedException($"Publisher '{_url.Url.Scheme}' takes samples only.");

    public void Dispose() => _client.Dispose();

    private static IEnumerable<byte[]> RawPayload(TelemetryEvent made) =>
        made.Raw.TryGetProperty("payload", out var payload) && payload.ValueKind is not JsonValueKind.Null ? [Encoding.UTF8.GetBytes(payload.GetRawText())] : [];

    /// <summary>The signature of what the receiver reads out of a body.</summary>
    private BatchSignature Sign(byte[] body) => _signer!.SignStreams(SampleInFlight.ToBatch(PublishedBody.ReadSamples(body)));

    private async Task PostJsonAsync(List<byte[]> items, Func<byte[], BatchSignature>? sign, CancellationToken ct)
    {
        if (items.Count == 0)
            return;
        foreach (var body in _batch ? [PublishedText.List(items)] : items)
            await PostAsync(_address, body, "application/json", ct, sign?.Invoke(body));
    }

    // An address that ends with its job is completed by a resource each: Prometheus keeps one group an address.
    private async Task PushAsync(IReadOnlyList<SampleInFlight> samples, CancellationToken ct)
    {
        var segments = _address.AbsolutePath.Trim('/').Split('/');
        if (segments.Length > 3)
        {
            await PostAsync(_address, Encoding.UTF8.GetBytes(PublishedText.Prometheus(samples)), "plain/text", ct);
            return;
        }
        foreach (var resource in samples.GroupBy(s => s.Series.ResourceId))
        {
            var address = new UriBuilder(_address) { Path = $"{_address.AbsolutePath.TrimEnd('/')}/resource_id/{Uri.EscapeDataString(resource.Key)}" }.Uri;
            await PostAsync(address, Encoding.UTF8.GetBytes(PublishedText.Prometheus(resource)), "plain/text", ct);
        }
    }

    private async Task PostAsync(Uri address, byte[] body, string type, CancellationToken ct, BatchSignature? signature = null)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
            if (signature is not null)
                content.Headers.Add(BatchSignature.HeaderName, signature.ToString());
            try
            {
                using var answer = await _client.PostAsync(address, content, ct);
                if (!answer.IsSuccessStatusCode)
                    throw new PublisherException($"{_url}: the answer is {(int)answer.StatusCode} {answer.ReasonPhrase}.");
                return;
            }
            catch (HttpRequestException e)
            {
                if (attempt >= _retries)
                    throw new PublisherException($"{_url}: {e.Message}", e);
            }
            catch (TaskCanceledException e) when (!ct.IsCancellationRequested)
            {
                throw new PublisherException($"{_url}: no answer within {_client.Timeout.TotalSeconds} s.", e);
            }
        }
    }

    private static Uri Address(PublisherUrl url)
    {
        var query = HttpUtility.ParseQueryString(url.Url.Query);
        foreach (var option in OwnOptions)
            query.Remove(option);
        var scheme = url.Kind == PublisherKind.Http ? url.Url.Scheme : url.Option("ssl") is null || IsFalse(url.Option("ssl")) ? "http" : "https";
        var address = new UriBuilder(url.Url) { Scheme = scheme, Query = query.ToString(), UserName = "", Password = "" };
        address.Port = url.Url.Port > 0 ? url.Url.Port : scheme == "http" ? 80 : 443;
        return address.Uri;
    }

    private static SocketsHttpHandler Handler(PublisherUrl url)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        // ssl is True, False, or a CA as verify_ssl is.
        var (option, verify) = url.Kind != PublisherKind.Http && url.Option("ssl") is { } ssl && !IsTrue(ssl) && !IsFalse(ssl)
            ? ("ssl", ssl)
            : ("verify_ssl", url.Option("verify_ssl"));
        if (IsFalse(verify))
#pragma warning disable CA5359 // verify_ssl=False is the operator's explicit wish
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        else if (verify is not null && !IsTrue(verify))
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            try
            {
                policy.CustomTrustStore.ImportFromPemFile(verify);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new PublisherException($"{url}: {option} is neither True nor False, and no file can be read at '{verify}': {e.Message}", e);
            }
            if (policy.CustomTrustStore.Count == 0)
                throw new PublisherException($"{url}: {option} names the file '{verify}', which holds no certificate.");
            handler.SslOptions.CertificateChainPolicy = policy;
        }
        if (url.Option("clientcert") is { } certificate)
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = handler.SslOptions.RemoteCertificateValidationCallback,
                CertificateChainPolicy = handler.SslOptions.CertificateChainPolicy,
                ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, url.Option("clientkey"))],
            };
        return handler;
    }

    private double Number(string option, double absent) =>
        double.TryParse(_url.Option(option), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : absent;

    private static bool IsTrue(string? value) => value?.ToLowerInvariant() is "true" or "t" or "1" or "yes" or "y" or "on";

    private static bool IsFalse(string? value) => value?.ToLowerInvariant() is "false" or "f" or "0" or "no" or "n" or "off";
}
