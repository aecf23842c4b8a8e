using System.Net.Http.Json;
using System.Security.Cryptography;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Samples;

namespace Telemetry.Benchmarks;

/// <summary>A key that the server knows, and what it signs: batches by the root of their streams, or JSON bodies as they are.</summary>
internal sealed class Signer(bool overBody) : IDisposable
{
    private const string KeyId = "bench";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly SampleReader _reader = new(new(), TimeProvider.System, SigningSecrets.None);

    /// <param name="overBody">Whether JSON is signed as it is, which makes the server keep it.</param>
    public static async Task<Signer> RegisterAsync(Uri server, bool overBody)
    {
        var signer = new Signer(overBody);
        using var client = new HttpClient { BaseAddress = server };
        client.DefaultRequestHeaders.Add("X-Roles", "admin");
        using var answer = await client.PostAsJsonAsync("/v2/keys", new { id = KeyId, public_key = signer._key.ExportSubjectPublicKeyInfoPem() });
        answer.EnsureSuccessStatusCode();
        return signer;
    }

    /// <summary>The header's value for a JSON body.</summary>
    public string OfJson(ReadOnlySpan<byte> body)
    {
        if (!overBody)
            return Of(_reader.Read(body, SampleFormat.Json, SampleRules.ForMessages()).Batch);
        lock (_key)
            return BatchSignature.OfBody(KeyId, _key, body).ToString();
    }

    /// <summary>The header's value for a batch.</summary>
    public string Of(SampleBatch batch)
    {
        lock (_key)
            return BatchSignature.OfStreams(KeyId, _key, batch).ToString();
    }

    public void Dispose() => _key.Dispose();
}
