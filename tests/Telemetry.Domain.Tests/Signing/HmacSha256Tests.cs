using System.Security.Cryptography;
using Telemetry.Domain.Signing;

namespace Telemetry.Domain.Tests.Signing;

public sealed class HmacSha256Tests
{
    [Fact]
    public void Every_length_of_secret_and_text_gives_what_the_library_gives()
    {
        var random = new Random(1);
        Span<byte> hash = stackalloc byte[32];
        for (var length = 1; length <= 200; length++)
        {
            var (secret, text) = (new byte[length], new byte[random.Next(3_000)]);
            random.NextBytes(secret);
            random.NextBytes(text);
            var hmac = new HmacSha256(secret);
            for (var again = 0; again < 2; again++)
            {
                hmac.Hash(text, hash);
                Assert.Equal(HMACSHA256.HashData(secret, text), hash.ToArray());
            }
        }
    }
}
