using System.Security.Cryptography;
using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Tests.Audit;

public sealed class Sha256Tests
{
    [Fact]
    public void Every_length_hashes_as_the_library_does()
    {
        var bytes = new byte[5_000];
        new Random(1).NextBytes(bytes);
        Span<byte> hash = stackalloc byte[Digest.Length];
        for (var length = 0; length <= bytes.Length; length++)
        {
            Sha256.Hash(bytes.AsSpan(0, length), hash);
            Assert.Equal(SHA256.HashData(bytes.AsSpan(0, length)), hash.ToArray());
        }
    }

    [Fact]
    public async Task Many_threads_hash_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() =>
        {
            var bytes = new byte[200];
            for (var i = 0; i < 2_000; i++)
            {
                BitConverter.TryWriteBytes(bytes, (1_000L * n) + i);
                Assert.Equal(SHA256.HashData(bytes), Digest.Of(bytes).ToArray());
            }
        }, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void A_place_too_small_for_the_hash_is_refused() => Assert.ThrowsAny<ArgumentException>(() => Sha256.Hash("a"u8, new byte[31]));
}
