namespace Telemetry.Api.GraphQL.Http;

/// <summary>The words of a protocol over WebSocket.</summary>
internal sealed record SocketProtocol(string Name)
{
    /// <summary>graphql-ws, the library's.</summary>
    public static readonly SocketProtocol Transport = new("graphql-transport-ws");

    /// <summary>subscriptions-transport-ws, which confusingly calls itself so: older tools still offer it.</summary>
    public static readonly SocketProtocol Legacy = new("graphql-ws") { Subscribe = "start", Complete = "stop", Next = "data" };

    /// <summary>Of the client: begins an operation.</summary>
    public string Subscribe { get; private init; } = "subscribe";

    /// <summary>Of the client: ends one.</summary>
    public string Complete { get; private init; } = "complete";

    /// <summary>Of the server: a result.</summary>
    public string Next { get; private init; } = "next";

    public bool IsLegacy => this == Legacy;

    /// <summary>The first that is known, of those that the client offers; null for none.</summary>
    public static SocketProtocol? Choose(IEnumerable<string> offered) => offered.Select(o =>
        o == Transport.Name ? Transport : o == Legacy.Name ? Legacy : null).FirstOrDefault(p => p is not null);
}

/// <summary>Why the server closes a socket. Source: graphql-ws's protocol.</summary>
internal static class SocketCloseCodes
{
    public const int InvalidMessage = 4400;
    public const int Unauthorized = 4401;
    public const int Forbidden = 4403;
    public const int SubprotocolNotAcceptable = 4406;
    public const int InitialisationTimeout = 4408;
    public const int SubscriberAlreadyExists = 4409;
    public const int TooManyInitialisationRequests = 4429;

    /// <summary>The reason that refusals are counted by.</summary>
    public static string NameOf(int code) => $"SOCKET_{code}";
}
