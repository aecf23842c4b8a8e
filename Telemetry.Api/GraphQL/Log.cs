namespace Telemetry.Api.GraphQL;

internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Error, "GraphQL: the resolver of {Path} failed.")]
    public static partial void ResolverFailed(ILogger logger, Exception exception, string path);

    [LoggerMessage(5002, LogLevel.Error, "GraphQL: a request failed outside its resolvers.")]
    public static partial void RequestFailed(ILogger logger, Exception exception);

    [LoggerMessage(5003, LogLevel.Debug, "GraphQL: a socket was ended: {Reason}")]
    public static partial void SocketEnded(ILogger logger, string reason);

    [LoggerMessage(5004, LogLevel.Error, "GraphQL: subscriptions cannot be told of what follows position {Position} of the log.")]
    public static partial void FeedFailed(ILogger logger, Exception exception, long position);

    [LoggerMessage(5005, LogLevel.Warning, "GraphQL: refused ({Reason}): {Message} ({Unlogged} more refusals before this one were not logged)")]
    public static partial void Refused(ILogger logger, string reason, string message, int unlogged);
}
