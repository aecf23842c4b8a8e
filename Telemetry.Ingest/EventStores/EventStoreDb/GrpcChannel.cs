using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Google.Protobuf;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>gRPC over HTTP/2, as far as we need it: messages in frames of a flag, a length and bytes; the status in trailers, or in headers where there is no body.</summary>
/// <remarks>Source: grpc/doc/PROTOCOL-HTTP2.md.</remarks>
internal sealed class GrpcChannel : IDisposable
{
    private const int PrefixLength = 5;
    private const int MaxMessageLength = 256 << 20;

    private readonly HttpMessageInvoker _http;
    private readonly string? _authorization;

    public GrpcChannel(HttpMessageHandler handler, string? user = null, string? password = null)
    {
        _http = new HttpMessageInvoker(handler);
        if (user is not null)
            _authorization = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}";
    }

    /// <summary>A call that gives one message.</summary>
    /// <exception cref="GrpcException"/>
    public async Task<T> CallAsync<T>(Uri node, string method, IReadOnlyList<IMessage> requests, MessageParser<T> parser, TimeSpan timeout, CancellationToken ct)
        where T : class, IMessage<T>
    {
        T? only = null;
        await foreach (var message in StreamAsync(node, method, new Messages(requests), parser, timeout, ct).ConfigureAwait(false))
            only ??= message;
        return only ?? throw new GrpcException(GrpcStatus.Internal, $"{method} gave no answer.");
    }

    /// <summary>A call that gives messages until the server ends it.</summary>
    /// <param name="timeout">Of the whole call; infinite for one that goes on.</param>
    /// <exception cref="GrpcException"/>
    public async IAsyncEnumerable<T> StreamAsync<T>(
        Uri node, string method, HttpContent content, MessageParser<T> parser, TimeSpan timeout, [EnumeratorCancellation] CancellationToken ct)
        where T : class, IMessage<T>
    {
        using var request = Request(node, method, content, timeout);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(timeout);
        using var response = await TranslatedAsync(() => _http.SendAsync(request, deadline.Token), node, ct).ConfigureAwait(false);
        Check(response, node);
        var body = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            while (await TranslatedAsync(() => ReadAsync(body, parser, deadline.Token), node, ct).ConfigureAwait(false) is { } message)
                yield return message;
        }
        var end = GrpcException.Read(response.TrailingHeaders) ?? new GrpcException(GrpcStatus.Unavailable, $"{node.Authority} ended the call without a status.");
        if (end.Status != GrpcStatus.Ok)
            throw end;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Writes one message with its prefix.</summary>
    public static async ValueTask WriteAsync(Stream stream, IMessage message, CancellationToken ct)
    {
        var size = message.CalculateSize();
        var frame = ArrayPool<byte>.Shared.Rent(PrefixLength + size);
        try
        {
            frame[0] = 0; // not compressed
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
            message.WriteTo(frame.AsSpan(PrefixLength, size));
            await stream.WriteAsync(frame.AsMemory(0, PrefixLength + size), ct).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    /// <summary>Reads one message; null at the end.</summary>
    public static async Task<T?> ReadAsync<T>(Stream stream, MessageParser<T> parser, CancellationToken ct) where T : class, IMessage<T>
    {
        var prefix = new byte[PrefixLength];
        var read = await stream.ReadAtLeastAsync(prefix, PrefixLength, throwOnEndOfStream: false, ct).ConfigureAwait(false);
        if (read == 0)
            return null;
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        if (read < PrefixLength || prefix[0] != 0 || length > MaxMessageLength)
            throw new GrpcException(GrpcStatus.Internal, $"A message of {length} bytes, flag {prefix[0]}, is cut off, packed, or longer than {MaxMessageLength} bytes.");
        var message = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            await stream.ReadExactlyAsync(message.AsMemory(0, (int)length), ct).ConfigureAwait(false);
            return parser.ParseFrom(message.AsSpan(0, (int)length));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcException(GrpcStatus.Internal, $"A message cannot be read: {e.Message}", cause: e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    private HttpRequestMessage Request(Uri node, string method, HttpContent content, TimeSpan timeout)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Add("requires-leader", "true"); // what was acknowledged is read, by whoever asks
        if (_authorization is not null)
            request.Headers.TryAddWithoutValidation("authorization", _authorization);
        if (timeout != Timeout.InfiniteTimeSpan)
            request.Headers.Add("grpc-timeout", $"{(long)timeout.TotalMilliseconds}m");
        return request;
    }

    private static void Check(HttpResponseMessage response, Uri node)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var status = response.StatusCode switch
            {
                HttpStatusCode.Unauthorized => GrpcStatus.Unauthenticated,
                HttpStatusCode.Forbidden => GrpcStatus.PermissionDenied,
                HttpStatusCode.NotFound => GrpcStatus.Unimplemented,
                HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => GrpcStatus.Unavailable,
                _ => GrpcStatus.Unknown,
            };
            throw new GrpcException(status, $"{node.Authority} answered HTTP {(int)response.StatusCode}.");
        }
        if (GrpcException.Read(response.Headers) is { Status: not GrpcStatus.Ok } error)
            throw error;
        if (response.Content.Headers.ContentType?.MediaType?.StartsWith("application/grpc", StringComparison.Ordinal) != true)
            throw new GrpcException(GrpcStatus.Unknown, $"{node.Authority} does not speak gRPC.");
    }

    private static async Task<T> TranslatedAsync<T>(Func<Task<T>> work, Uri node, CancellationToken ct)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new GrpcException(GrpcStatus.DeadlineExceeded, $"{node.Authority} did not answer in time.", cause: e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new GrpcException(GrpcStatus.Unavailable, $"{node.Authority} cannot be reached: {e.GetBaseException().Message}", cause: e);
        }
    }

    /// <summary>The body of a request: messages that are there already.</summary>
    internal sealed class Messages(IReadOnlyList<IMessage> messages) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            foreach (var message in messages)
                await WriteAsync(stream, message, cancellationToken).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
