using System.IO.Compression;
using System.IO.Pipelines;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class RequestBodyTests
{
    private const int Max = 1 << 20;
    private readonly BodyBudget _budget = new(16 << 20);

    [Theory]
    [InlineData(null, 0)]
    [InlineData(null, 1)]
    [InlineData("identity", 100_000)]
    [InlineData("gzip", 0)]
    [InlineData("gzip", 100_000)]
    [InlineData("x-gzip", Max)]
    [InlineData("BR", 100_000)]
    [InlineData("br", Max)]
    [InlineData(null, Max)]
    public async Task Bodies_up_to_the_limit_arrive_whole(string? encoding, int length)
    {
        var content = Content(length);

        using var body = await ReadAsync(Pack(content, encoding), encoding);

        Assert.True(content.AsSpan().SequenceEqual(body.Bytes));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_byte_more_is_too_large(string? encoding) =>
        Assert.Equal(BodyRefusal.TooLarge, (await RefusedAsync(Pack(Content(Max + 1), encoding), encoding)).Refusal);

    [Fact]
    public async Task A_length_told_beyond_the_limit_is_refused_before_a_byte_is_read() =>
        Assert.Equal(BodyRefusal.TooLarge, (await Assert.ThrowsAsync<BodyRefusedException>(
            () => RequestBody.ReadAsync(new Pipe().Reader, null, Max + 1L, Max, _budget, TestContext.Current.CancellationToken))).Refusal);

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_bomb_is_refused(string encoding)
    {
        var bomb = Pack(new byte[50 * Max], encoding);
        Assert.True(bomb.Length < Max / 2);

        Assert.Equal(BodyRefusal.TooLarge, (await RefusedAsync(bomb, encoding)).Refusal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_packed_body_that_ends_early_or_is_damaged_is_broken(string encoding)
    {
        var packed = Pack(Content(10_000), encoding);

        Assert.Equal(BodyRefusal.Broken, (await RefusedAsync(packed[..^20], encoding)).Refusal);
        Assert.Equal(BodyRefusal.Broken, (await RefusedAsync("not packed at all"u8.ToArray(), encoding)).Refusal);
    }

    [Fact]
    public async Task Another_encoding_is_unknown() =>
        Assert.Equal(BodyRefusal.UnknownEncoding, (await RefusedAsync([], "zstd")).Refusal);

    [Fact]
    public async Task Memory_is_bounded_over_all_bodies_and_given_back()
    {
        var budget = new BodyBudget(500_000);
        var first = await ReadAsync(Content(100_000), null, budget);

        Assert.Equal(BodyRefusal.NoRoom, (await RefusedAsync(Content(200_000), null, budget)).Refusal);
        first.Dispose();
        using var again = await ReadAsync(Content(200_000), null, budget);

        Assert.Equal(200_000, again.Bytes.Length);
    }

    private async Task<BodyRefusedException> RefusedAsync(byte[] sent, string? encoding, BodyBudget? budget = null) =>
        await Assert.ThrowsAsync<BodyRefusedException>(() => ReadAsync(sent, encoding, budget));

    private Task<RequestBody> ReadAsync(byte[] sent, string? encoding, BodyBudget? budget = null) =>
        RequestBody.ReadAsync(Segments(sent), encoding, null, Max, budget ?? _budget, TestContext.Current.CancellationToken);

    /// <summary>The bytes as a connection brings them: in pieces.</summary>
    private static PipeReader Segments(byte[] bytes) =>
        PipeReader.Create(new MemoryStream(bytes), new StreamPipeReaderOptions(bufferSize: 4_096));

    private static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(1).NextBytes(content);
        for (var i = 0; i < length; i++)
            content[i] &= 0x0f; // so that packing it gains something
        return content;
    }

    private static byte[] Pack(byte[] content, string? encoding)
    {
        if (encoding is null or "identity")
            return content;
        var packed = new MemoryStream();
        using (Stream stream = encoding.Contains("gzip", StringComparison.Ordinal)
            ? new GZipStream(packed, CompressionLevel.Fastest)
            : new BrotliStream(packed, CompressionLevel.Fastest))
            stream.Write(content);
        return packed.ToArray();
    }
}
