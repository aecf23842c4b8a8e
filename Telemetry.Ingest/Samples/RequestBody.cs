using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;

namespace Telemetry.Ingest.Samples;

/// <summary>Step 1 of the way of a sample: a request's body in one piece, unpacked, in a rented buffer that <see cref="Dispose"/> gives back.</summary>
public sealed class RequestBody : IDisposable
{
    // A sender may say any length and send nothing: memory follows what has really arrived.
    private const int FirstBytes = 64 << 10;

    private readonly BodyBudget _budget;
    private readonly int _maxBytes;
    private byte[] _buffer = [];
    private int _length;

    private RequestBody(BodyBudget budget, int maxBytes) => (_budget, _maxBytes) = (budget, maxBytes);

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    /// <summary>The same, as long as the body is not disposed.</summary>
    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>The bytes that were sent, before unpacking.</summary>
    public int SentBytes { get; private set; }

    /// <param name="contentEncoding">The request's Content-Encoding: none, <c>identity</c>, <c>gzip</c> or <c>br</c>.</param>
    /// <param name="contentLength">The length as the sender tells it, null where it does not.</param>
    /// <param name="maxBytes">Both of what is sent and of what comes out of it.</param>
    /// <exception cref="BodyRefusedException">It is too large, cannot be unpacked, or there is no room for it.</exception>
    public static async Task<RequestBody> ReadAsync(
        PipeReader reader, string? contentEncoding, long? contentLength, int maxBytes, BodyBudget budget, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(budget);
        var unpack = Unpacker(contentEncoding);
        if (contentLength > maxBytes)
            throw TooLarge(maxBytes);
        var sent = new RequestBody(budget, maxBytes);
        try
        {
            await sent.ReceiveAsync(reader, (int)(contentLength ?? 0), ct);
            sent.SentBytes = sent._length;
            if (unpack is null)
                return sent;
        }
        catch
        {
            sent.Dispose();
            throw;
        }
        using (sent)
            return Unpack(sent, unpack);
    }

    public void Dispose()
    {
        var buffer = _buffer;
        (_buffer, _length) = ([], 0);
        Release(buffer);
    }

    private async Task ReceiveAsync(PipeReader reader, int expectedBytes, CancellationToken ct)
    {
        while (true)
        {
            ReadResult result;
            try
            {
                result = await reader.ReadAsync(ct);
            }
            catch (IOException e)
            {
                throw new BodyRefusedException(BodyRefusal.Broken, "The body ended before it was whole.", e);
            }
            foreach (var segment in result.Buffer)
            {
                if (_length + segment.Length > _buffer.Length)
                    Grow(Math.Max(_length + segment.Length, _length == 0 ? Math.Min(expectedBytes, FirstBytes) : Math.Min(expectedBytes, 16 * _length)));
                segment.Span.CopyTo(_buffer.AsSpan(_length));
                Advance(segment.Length);
            }
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }

    private delegate void Decoder(ReadOnlyMemory<byte> packed, RequestBody output);

    private static Decoder? Unpacker(string? contentEncoding) => contentEncoding?.Trim().ToLowerInvariant() switch
    {
        null or "" or "identity" => null,
        "gzip" or "x-gzip" => UnpackGzip,
        "br" => UnpackBrotli,
        var other => throw new BodyRefusedException(BodyRefusal.UnknownEncoding, $"Unknown content encoding: {other}. Send gzip, br or none."),
    };

    private static RequestBody Unpack(RequestBody sent, Decoder unpack)
    {
        var unpacked = new RequestBody(sent._budget, sent._maxBytes) { SentBytes = sent._length };
        try
        {
            unpack(sent._buffer.AsMemory(0, sent._length), unpacked);
            return unpacked;
        }
        catch (Exception e)
        {
            unpacked.Dispose();
            if (e is InvalidDataException or IOException)
                throw new BodyRefusedException(BodyRefusal.Broken, "The body cannot be unpacked as its Content-Encoding says.", e);
            throw;
        }
    }

    private static void UnpackGzip(ReadOnlyMemory<byte> packed, RequestBody output)
    {
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(packed, out var bytes);
        using var gzip = new GZipStream(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false), CompressionMode.Decompress);
        for (int read; (read = gzip.Read(output.Free())) > 0;)
            output.Advance(read);
        // GZipStream takes an end of its input for the end of the stream; the trailer (RFC 1952, 2.3.1) tells them apart. One member a body.
        if (packed.Length is > 0 and < 18 || (packed.Length > 0 && BinaryPrimitives.ReadUInt32LittleEndian(packed.Span[^4..]) != (uint)output._length))
            throw new InvalidDataException("No whole gzip stream.");
    }

    private static void UnpackBrotli(ReadOnlyMemory<byte> packed, RequestBody output)
    {
        using var brotli = new BrotliDecoder();
        var rest = packed.Span;
        while (true)
        {
            var status = brotli.Decompress(rest, output.Free(), out var consumed, out var written);
            rest = rest[consumed..];
            output.Advance(written);
            if (status == OperationStatus.Done && rest.IsEmpty)
                return;
            if (status != OperationStatus.DestinationTooSmall)
                throw new InvalidDataException("No whole Brotli stream.");
        }
    }

    // A rented buffer may have more room than was asked for.
    private void Advance(int bytes)
    {
        _length += bytes;
        if (_length > _maxBytes)
            throw TooLarge(_maxBytes);
    }

    /// <summary>Room to write to; never empty.</summary>
    private Span<byte> Free()
    {
        if (_length == _buffer.Length)
            Grow(Math.Max(FirstBytes, _length + 1));
        return _buffer.AsSpan(_length);
    }

    private void Grow(int atLeast)
    {
        if (atLeast > _maxBytes + 1L) // one byte more tells a body that is just full from one that is too large
            throw TooLarge(_maxBytes);
        var size = (int)Math.Min(Math.Max(atLeast, 2L * _buffer.Length), _maxBytes + 1L);
        var larger = ArrayPool<byte>.Shared.Rent(size);
        if (!_budget.TryTake(larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            throw new BodyRefusedException(BodyRefusal.NoRoom, "Too many requests are being read. Try again later.");
        }
        var smaller = _buffer;
        smaller.AsSpan(0, _length).CopyTo(larger);
        _buffer = larger;
        Release(smaller);
    }

    private void Release(byte[] buffer)
    {
        if (buffer.Length == 0)
            return;
        _budget.Return(buffer.Length);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static BodyRefusedException TooLarge(int maxBytes) =>
        new(BodyRefusal.TooLarge, $"The body has more than {maxBytes} bytes, as sent or unpacked.");
}
