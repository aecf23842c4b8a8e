using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Tests.Audit;

public sealed class BatchSignatureTests
{
    private const long October = 1_790_812_800_000_000;

    [Fact]
    public void A_body_is_verified_by_its_exact_bytes()
    {
        using var key = P256.Create();
        var signature = BatchSignature.Parse(BatchSignature.OfBody("k1", key, "[]"u8).ToString());
        var known = key.ExportSubjectPublicKeyInfo();

        Assert.True(signature.VerifyBody(known, "[]"u8));
        Assert.False(signature.VerifyBody(known, "[ ]"u8));
        Assert.False(signature.VerifyStreams(known, Digests(Batch(1))));
    }

    [Fact]
    public void A_batch_is_verified_by_the_root_of_its_shares()
    {
        using var key = P256.Create();
        var signature = BatchSignature.Parse(BatchSignature.OfStreams("k1", key, Batch(1)).ToString());
        var known = key.ExportSubjectPublicKeyInfo();

        Assert.Equal(SignedContent.Streams, signature.Over);
        Assert.True(signature.VerifyStreams(known, Digests(Batch(1))));
        Assert.False(signature.VerifyStreams(known, Digests(Batch(2))));
        Assert.False(signature.VerifyBody(known, BatchSignature.Statement(BatchSignature.RootOf(Digests(Batch(1))))));
    }

    [Theory]
    [InlineData("", "no parameter ''")]
    [InlineData("keyid=k", "alg ''")]
    [InlineData("keyid=a b, alg=ecdsa-p256-sha256, sig=x", "keyid 'a b'")]
    [InlineData("keyid=k, alg=rsa, sig=x", "alg 'rsa'")]
    [InlineData("keyid=k, alg=ecdsa-p256-sha256, over=all, sig=x", "over 'all'")]
    [InlineData("keyid=k, alg=ecdsa-p256-sha256, sig=AAAA", "sig 'AAAA'")]
    [InlineData("keyid=k, keyid=l", "'keyid' twice")]
    [InlineData("keyid", "'keyid' no value")]
    [InlineData("keyid=k, expires=1", "no parameter 'expires'")]
    public void A_header_of_another_form_is_refused_by_what_is_wrong(string header, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => BatchSignature.Parse(header)).Message, StringComparison.Ordinal);

    private static IReadOnlyList<Digest> Digests(SampleBatch batch) => new EventHasher().DigestsOf(batch);

    private static SampleBatch Batch(double volume)
    {
        var series = new[] { "p", "q", "r" }.Select(p => new SeriesKey("cpu", SampleType.Gauge, "%", "r1", p, null, "openstack")).ToArray();
        return new(series, [October, October, October], [1, volume, 3], [Metadata.Empty, Metadata.Empty, Metadata.Empty]);
    }
}
