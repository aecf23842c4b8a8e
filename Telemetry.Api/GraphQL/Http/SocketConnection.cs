using System.Buffers;
using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>One socket: its messages in, its operations, its messages out, one at a time.</summary>
/// <remarks>Source: the protocols of graphql-ws 6 and of subscriptions-transport-ws 0.11.</remarks>
internal sealed class SocketConnection(WebSocket socket, SocketProtocol protocol, HttpContext context, GraphQLHttpHandler handler, ILogger log)
    : IAsyncDisposable
{
    private const int PartSize = 64 << 10;

    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _operations = new(StringComparer.Ordinal);
    private readonly string _traceId = ResultFormatter.TraceIdOf(context);
    private IDictionary<string, object?>? _state;

    public async Task RunAsync(CancellationToken ct)
    {
        using var ended = ct.Register(_closing.Cancel);
        using var stopping = handler.Stopping.Register(() => _ = LeaveAsync());
        var late = Task.Delay(handler.Options.ClientTimeout, handler.Time, _closing.Token);
        try
        {
            Task<JsonElement?>? next = ReceiveAsync();
            while (true)
            {
                if (_state is null && await Task.WhenAny(next, late) == late)
                {
                    _closing.Token.ThrowIfCancellationRequested();
                    await CloseAsync(SocketCloseCodes.InitialisationTimeout, "Connection initialisation timeout");
                    break;
                }

                if (await next is not { } message || !await HandleAsync(message))
                {
                    next = null;
                    break;
                }

                next = ReceiveAsync();
            }

            // Hanging up now could take back the reason that is on its way: the client has a second to close too.
            _closing.CancelAfter(TimeSpan.FromSeconds(1));
            while (socket.State == WebSocketState.CloseSent && await (next ?? ReceiveAsync()) is not null)
                next = null;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            Log.SocketEnded(log, e.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        foreach (var operation in _operations.Values)
            await operation.CancelAsync();
    }

    /// <summary>The server stops: the client is told, and has a second to answer.</summary>
    private async Task LeaveAsync()
    {
        try
        {
            _closing.CancelAfter(TimeSpan.FromSeconds(1));
            await CloseAsync((int)WebSocketCloseStatus.EndpointUnavailable, "The server stops");
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            Log.SocketEnded(log, e.Message);
        }
    }

    /// <summary>Null once the client has closed. A message that is no JSON object has no type.</summary>
    private async Task<JsonElement?> ReceiveAsync()
    {
        var message = new ArrayBufferWriter<byte>();
        while (true)
        {
            var part = await socket.ReceiveAsync(message.GetMemory(1_024), _closing.Token);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                await CloseAsync((int)WebSocketCloseStatus.NormalClosure, "");
                return null;
            }

            message.Advance(part.Count);
            if (message.WrittenCount > handler.Options.MaxRequestSize)
            {
                await CloseAsync((int)WebSocketCloseStatus.MessageTooBig, $"A message has at most {handler.Options.MaxRequestSize} bytes");
                return null;
            }

            if (!part.EndOfMessage)
                continue;
            try
            {
                return RequestReader.Parse(message.WrittenMemory, handler.Options.MaxJsonDepth);
            }
            catch (BadRequestException)
            {
                await CloseAsync(SocketCloseCodes.InvalidMessage, "Invalid message received");
                return null;
            }
        }
    }

    /// <summary>False once the socket is closed.</summary>
    private async Task<bool> HandleAsync(JsonElement message)
    {
        var type = TextOf(message, "type");
        var id = TextOf(message, "id");
        if (type == "connection_init")
            return await InitializeAsync();
        if (type == "ping" && !protocol.IsLegacy)
        {
            await SendAsync("pong", null, null);
            return true;
        }

        if (type == "pong" && !protocol.IsLegacy)
            return true;
        if (type == "connection_terminate" && protocol.IsLegacy)
            return await CloseAsync((int)WebSocketCloseStatus.NormalClosure, "");
        if (type == protocol.Subscribe && !string.IsNullOrEmpty(id))
            return await BeginAsync(id, message);
        if (type == protocol.Complete && id is not null)
        {
            if (_operations.TryRemove(id, out var operation))
                await operation.CancelAsync();
            return true;
        }

        return await CloseAsync(SocketCloseCodes.InvalidMessage, "Invalid message received");
    }

    private async Task<bool> InitializeAsync()
    {
        if (_state is not null)
            return await CloseAsync(SocketCloseCodes.TooManyInitialisationRequests, "Too many initialisation requests");
        try
        {
            _state = await handler.StateOfAsync(context, _closing.Token);
        }
        catch (GraphQLException)
        {
            return await CloseAsync(SocketCloseCodes.Forbidden, "Forbidden");
        }

        await SendAsync("connection_ack", null, null);
        if (protocol.IsLegacy)
            await SendAsync("ka", null, null);
        return true;
    }

    private async Task<bool> BeginAsync(string id, JsonElement message)
    {
        if (_state is null)
            return await CloseAsync(SocketCloseCodes.Unauthorized, "Unauthorized");
        if (_operations.Count >= handler.Options.Sockets.MaxOperations && !_operations.ContainsKey(id))
        {
            // Told before the next message is read: a client that asks without reading waits, and fills no memory.
            await RefuseAsync(id, $"A socket carries {handler.Options.Sockets.MaxOperations} operations at once.", ErrorCodes.BadRequest);
            return true;
        }

        var cancellation = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        if (!_operations.TryAdd(id, cancellation))
        {
            cancellation.Dispose();
            return await CloseAsync(SocketCloseCodes.SubscriberAlreadyExists, $"Subscriber for {(id.Length > 50 ? id[..50] : id)} already exists");
        }

        _ = Task.Run(() => OperateAsync(id, message, cancellation), CancellationToken.None);
        return true;
    }

    private async Task OperateAsync(string id, JsonElement message, CancellationTokenSource cancellation)
    {
        var ct = cancellation.Token;
        try
        {
            if (!message.TryGetProperty("payload", out var payload))
                throw new BadRequestException("The message has no payload.");
            var request = RequestReader.Read(payload) with { ContextData = _state! };
            var scope = context.RequestServices.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
            await using (scope)
            {
                switch (await handler.Executor.ExecuteAsync(request, scope.ServiceProvider, ct))
                {
                    case ExecutionResult.Single { Result: { HasData: false } refused }:
                        await SendErrorsAsync(id, refused.Errors);
                        return;
                    case ExecutionResult.Single { Result: var result }:
                        await SendAsync(protocol.Next, id, w => result.WriteTo(w, _traceId));
                        break;
                    case ExecutionResult.ResponseStream { Results: var results }:
                        await foreach (var result in results.WithCancellation(ct))
                        {
                            if (!result.HasData)
                            {
                                await SendErrorsAsync(id, result.Errors);
                                return;
                            }

                            await SendAsync(protocol.Next, id, w => result.WriteTo(w, _traceId));
                        }

                        break;
                }
            }

            if (!ct.IsCancellationRequested)
                await SendAsync("complete", id, null);
        }
        catch (BadRequestException e)
        {
            await RefuseAsync(id, e.Message, e.Code);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or ObjectDisposedException or InvalidOperationException { Source: "System.Net.WebSockets" })
        {
            // The client ended the operation, or left.
        }
#pragma warning disable CA1031 // One operation's failure is not its socket's, nor the process's.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.RequestFailed(log, e);
            await SendErrorsAsync(id, [new Error("The server failed.") { Code = ErrorCodes.Internal }]);
        }
        finally
        {
            if (_operations.TryGetValue(id, out var own) && own == cancellation)
                _operations.TryRemove(id, out _);
            cancellation.Dispose();
        }
    }

    /// <summary>Of an operation that never reached the executor.</summary>
    private Task RefuseAsync(string id, string message, string code)
    {
        handler.Metrics.Refused(code, message);
        return SendErrorsAsync(id, [new Error(message) { Code = code }]);
    }

    private Task SendErrorsAsync(string id, IReadOnlyList<IError> errors) => SendAsync("error", id, writer =>
    {
        var results = new ResultWriter(writer, _traceId);
        if (protocol.IsLegacy)
        {
            results.Write(errors[0]);
            return;
        }

        writer.WriteStartArray();
        foreach (var error in errors)
            results.Write(error);
        writer.WriteEndArray();
    });

    private async Task SendAsync(string type, string? id, Action<Utf8JsonWriter>? payload)
    {
        var message = new ArrayBufferWriter<byte>(512);
        ResultFormatter.Write(message, writer =>
        {
            writer.WriteStartObject();
            if (id is not null)
                writer.WriteString("id", id);
            writer.WriteString("type", type);
            if (payload is not null)
            {
                writer.WritePropertyName("payload");
                payload(writer);
            }

            writer.WriteEndObject();
        });
        try
        {
            await _sending.WaitAsync(_closing.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        try
        {
            // In parts, each in its time: a large message may take long, as long as it is being taken in.
            for (var rest = message.WrittenMemory; socket.State == WebSocketState.Open && !rest.IsEmpty;)
            {
                var part = rest[..Math.Min(rest.Length, PartSize)];
                rest = rest[part.Length..];
                await InTimeAsync(socket.SendAsync(part, WebSocketMessageType.Text, endOfMessage: rest.IsEmpty, _closing.Token));
            }
        }
        catch (TimeoutException)
        {
            await AbandonAsync();
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The socket is gone: the loop that receives sees it too.
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <exception cref="TimeoutException">The client takes nothing.</exception>
    private async ValueTask InTimeAsync(ValueTask sending)
    {
        if (sending.IsCompletedSuccessfully)
            await sending;
        else
            await sending.AsTask().WaitAsync(handler.Options.ClientTimeout, handler.Time, _closing.Token);
    }

    /// <summary>Ends the socket and its operations, without a word: nobody reads.</summary>
    private async Task AbandonAsync()
    {
        handler.Metrics.Refused(ErrorCodes.SlowSubscriber, $"A socket's client took nothing for {handler.Options.ClientTimeout.TotalSeconds:0.###} s.");
        socket.Abort();
        await _closing.CancelAsync();
    }

    private async Task<bool> CloseAsync(int code, string reason)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            if (code is >= SocketCloseCodes.InvalidMessage or (int)WebSocketCloseStatus.MessageTooBig)
                handler.Metrics.Refused(SocketCloseCodes.NameOf(code), reason);
            await _sending.WaitAsync(_closing.Token);
            try
            {
                await InTimeAsync(new(socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, _closing.Token)));
            }
            catch (TimeoutException)
            {
                await AbandonAsync();
            }
            finally
            {
                _sending.Release();
            }
        }

        return false;
    }

    private static string? TextOf(JsonElement message, string name) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
