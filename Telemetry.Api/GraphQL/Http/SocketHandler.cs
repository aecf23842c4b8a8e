using System.Net.WebSockets;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>Opens sockets at the endpoint.</summary>
internal static class SocketHandler
{
    public static async Task HandleAsync(HttpContext context, GraphQLHttpHandler handler, ILogger log)
    {
        if (!IsAllowedOrigin(context.Request, handler.Options.AllowedOrigins))
            throw new BadRequestException("Pages of this origin may not open sockets here.", StatusCodes.Status403Forbidden);
        using (handler.Open())
            await CarryAsync(context, handler, log);
    }

    private static async Task CarryAsync(HttpContext context, GraphQLHttpHandler handler, ILogger log)
    {
        var protocol = SocketProtocol.Choose(context.WebSockets.WebSocketRequestedProtocols);
        var settings = handler.Options.Sockets;
        // A socket that answers no ping is half open: the framework ends it. It looks at its sockets four times in this timeout: the client's time is not up before the fifth.
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = protocol?.Name,
            KeepAliveInterval = settings.KeepAliveInterval,
            KeepAliveTimeout = 0.75 * handler.Options.ClientTimeout,
        });
        if (protocol is null)
        {
            const string Reason = "Subprotocol not acceptable";
            handler.Metrics.Refused(SocketCloseCodes.NameOf(SocketCloseCodes.SubprotocolNotAcceptable), Reason);
            using var patience = new CancellationTokenSource(handler.Options.ClientTimeout, handler.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
            try
            {
                await socket.CloseAsync((WebSocketCloseStatus)SocketCloseCodes.SubprotocolNotAcceptable, Reason, either.Token);
            }
            catch (OperationCanceledException) when (either.IsCancellationRequested)
            {
                // It did not close its side.
            }

            return;
        }

        var connection = new SocketConnection(socket, protocol, context, handler, log);
        await using (connection)
            await connection.RunAsync(context.RequestAborted);
    }

    /// <summary>A browser sends the page's origin, and cookies with it whatever the origin: only our own pages and those allowed.</summary>
    private static bool IsAllowedOrigin(HttpRequest request, IEnumerable<string> allowed)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase))
            || allowed.Any(a => a == "*" || a.TrimEnd('/').Equals(origin, StringComparison.OrdinalIgnoreCase));
    }
}
