using System.Net.WebSockets;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>Opens sockets at the endpoint.</summary>
internal static class SocketHandler
{
    public static async Task HandleAsync(HttpContext context, GraphQLHttpHandler handler, ILogger log)
    {
        if (!IsAllowedOrigin(context.Request, handler.Options.AllowedOrigins))
            throw new BadRequestException("Pages of this origin may not open sockets here.", StatusCodes.Status403Forbidden);
        handler.EnterSocket();
        try
        {
            await CarryAsync(context, handler, log);
        }
        finally
        {
            handler.LeaveSocket();
        }
    }

    private static async Task CarryAsync(HttpContext context, GraphQLHttpHandler handler, ILogger log)
    {
        var protocol = SocketProtocol.Choose(context.WebSockets.WebSocketRequestedProtocols);
        var settings = handler.Options.Sockets;
        // A socket that answers no ping is half open: the framework ends it.
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = protocol?.Name,
            KeepAliveInterval = settings.KeepAliveInterval,
            KeepAliveTimeout = settings.KeepAliveInterval,
        });
        if (protocol is null)
        {
            await socket.CloseAsync(
                (WebSocketCloseStatus)SocketCloseCodes.SubprotocolNotAcceptable, "Subprotocol not acceptable", context.RequestAborted);
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
