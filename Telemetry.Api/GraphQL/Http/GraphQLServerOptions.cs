namespace Telemetry.Api.GraphQL.Http;

/// <summary>What the endpoint offers over HTTP.</summary>
internal sealed class GraphQLServerOptions
{
    /// <summary>Queries by GET. Default true.</summary>
    public bool EnableGetRequests { get; set; } = true;

    /// <summary>Whether GET needs the header <c>GraphQL-Preflight: 1</c>, which no page of another site can send unasked: on once CORS is.</summary>
    public bool EnforceGetRequestsPreflightHeader { get; set; }

    /// <summary>Whether <c>?sdl</c> and <c>schema.graphql</c> give the schema. Default true.</summary>
    public bool EnableSchemaRequests { get; set; } = true;

    /// <summary>Requests in one array. 0 refuses arrays. Default 10.</summary>
    public int MaxBatchSize { get; set; } = 10;

    /// <summary>Bytes of a body or a socket's message. Default 1 MB.</summary>
    public int MaxRequestSize { get; set; } = 1_000_000;

    /// <summary>Nesting of a request's JSON, variables included. Default 200.</summary>
    public int MaxJsonDepth { get; set; } = 200;

    /// <summary>Whether a document that does not validate is answered with 422, as the draft of 2026 has it, instead of 400.</summary>
    public bool UseUnprocessableContent { get; set; }

    /// <summary>Other sites whose pages may open sockets, as <c>https://host:port</c>; the endpoint's own always may.</summary>
    public IList<string> AllowedOrigins { get; set; } = [];

    /// <summary>
    /// How long the server waits for a client that owes it something: <c>connection_init</c>, the rest of a body, the answer to a ping, or taking in
    /// what is sent to it. Then the client is ended. Default 1 s.
    /// </summary>
    public TimeSpan ClientTimeout { get; set; } = TimeSpan.FromSeconds(1);

    public GraphQLSocketOptions Sockets { get; set; } = new();

    public GraphQLToolOptions Tool { get; set; } = new();

    /// <summary>Between two signs of life on a stream of events. Default 12 s.</summary>
    public TimeSpan StreamKeepAliveInterval { get; set; } = TimeSpan.FromSeconds(12);
}

/// <summary>Settings of sockets.</summary>
internal sealed class GraphQLSocketOptions
{
    /// <summary>Between two pings, which find out who has left without a word. Default 10 s.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Operations at once on one socket. Default 100.</summary>
    public int MaxOperations { get; set; } = 100;

    /// <summary>Sockets and streams of events at once; the next is refused with 503. Default 10 000.</summary>
    public int MaxSockets { get; set; } = 10_000;
}

/// <summary>The page for browsers.</summary>
internal sealed class GraphQLToolOptions
{
    /// <summary>Whether it is served. Default true.</summary>
    public bool Enable { get; set; } = true;

    /// <summary>What the page calls itself.</summary>
    public string Title { get; set; } = "GraphQL";

    /// <summary>What a new document holds: something that can be run as it is.</summary>
    public string Document { get; set; } = "{\n  __typename\n}\n";

    public GraphQLToolServeMode ServeMode { get; set; } = GraphQLToolServeMode.Embedded;
}

/// <summary>Where the page comes from.</summary>
internal enum GraphQLToolServeMode
{
    /// <summary>From the server itself; nothing is loaded from elsewhere.</summary>
    Embedded,
}

/// <summary>Serves the page for browsers below the endpoint: the seam where an IDE is put in.</summary>
internal interface IGraphQLTool
{
    /// <param name="context">A GET that is neither a query nor for the schema.</param>
    /// <param name="slug">What follows the endpoint's path, without the slash; empty at the endpoint itself.</param>
    /// <returns>False where there is nothing under the slug: the answer is 404.</returns>
    ValueTask<bool> TryServeAsync(HttpContext context, string slug);
}

/// <summary>Gives a request's state to its resolvers: who asks, and from where.</summary>
internal interface IHttpRequestInterceptor
{
    /// <exception cref="Execution.GraphQLException">The request is refused.</exception>
    ValueTask OnCreateAsync(HttpContext context, IDictionary<string, object?> state, CancellationToken ct);
}
