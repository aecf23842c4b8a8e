using System.Collections.Frozen;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace Telemetry.Api.GraphQL.Http.Ide;

/// <summary>Banana Cake Pop at the endpoint, GraphiQL below it at <c>graphiql/</c>, both from files beside the program and from nowhere else.</summary>
/// <param name="folder">What <c>Ide.targets</c> made; it may be missing.</param>
/// <param name="options">What the pages say.</param>
internal sealed class GraphQLIde(string folder, GraphQLToolOptions options) : IGraphQLTool
{
    private const string Cake = "bananacakepop/";
    private const string GraphiQL = "graphiql";

    // The pages reach their own server only. Banana Cake Pop compiles its filters (eval), both write styles, and editors run in workers.
    private const string CommonPolicy = "default-src 'none'; connect-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        + "worker-src 'self' blob:; manifest-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'; ";

    private const string CakePolicy = CommonPolicy + "script-src 'self' 'unsafe-eval'";
    private const string StrictPolicy = CommonPolicy + "script-src 'self'";

    private readonly byte[] _settings = JsonSerializer.SerializeToUtf8Bytes(new
    {
        title = options.Title,
        // The endpoint is the page's own address, so that path bases and proxies need no setting.
        useBrowserUrlAsEndpoint = true,
        endpoint = ".",
        graphQLDocument = options.Document,
        disableTelemetry = true,
        includeCookies = false,
        useGet = false,
    });

    private readonly Lazy<FrozenDictionary<string, IdeFile>> _files = new(() => IdeFiles.Read(folder));

    public async ValueTask<bool> TryServeAsync(HttpContext context, string slug)
    {
        if (slug is "" or GraphiQL)
        {
            await ServePageAsync(context, slug.Length == 0 ? Cake : GraphiQL + "/", slug.Length == 0 ? CakePolicy : StrictPolicy);
            return true;
        }

        if (slug is "bcp-config.json" or "nitro-config.json")
        {
            context.Response.Headers.CacheControl = "no-cache";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            await Results.Bytes(_settings, "application/json; charset=utf-8").ExecuteAsync(context);
            return true;
        }

        if (!_files.Value.TryGetValue(slug.StartsWith(GraphiQL + "/", StringComparison.Ordinal) ? slug : Cake + slug, out var file))
            return false;
        await SendAsync(context, file);
        return true;
    }

    private Task ServePageAsync(HttpContext context, string name, string policy)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-cache";
        headers.Vary = HeaderNames.Accept;
        var path = context.Request.Path.Value!;
        if (!path.EndsWith('/'))
        {
            // What the page loads lies below it. Relative, so that it holds behind a proxy that takes away a prefix.
            context.Response.StatusCode = StatusCodes.Status302Found;
            headers.Location = $"{Uri.EscapeDataString(path[(path.LastIndexOf('/') + 1)..])}/{context.Request.QueryString}";
            return Task.CompletedTask;
        }

        headers["Referrer-Policy"] = "no-referrer";
        if (_files.Value.TryGetValue(name + "index.html", out var page))
        {
            headers.ContentSecurityPolicy = policy;
            headers.Link = $"<{(name == Cake ? "LICENSE" : "LICENSES.txt")}>; rel=\"license\"";
            return SendAsync(context, page);
        }

        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        var request = context.Request;
        var endpoint = path.TrimEnd('/');
        var schema = "schema.graphql";
        if (name != Cake)
            (endpoint, schema) = (endpoint[..endpoint.LastIndexOf('/')], "../schema.graphql");
        var url = $"{request.Scheme}://{request.Host}{request.PathBase}{endpoint}";
        return Results.Text(MissingPage.Html(url, schema), "text/html", Encoding.UTF8).ExecuteAsync(context);
    }

    private static Task SendAsync(HttpContext context, IdeFile file)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = file.IsImmutable ? "public, max-age=31536000, immutable" : "no-cache";
        if (!file.IsCompressed)
            return TypedResults.PhysicalFile(file.Path, file.ContentType, entityTag: new($"\"{file.Hash}\"")).ExecuteAsync(context);
        headers.Vary = HeaderNames.AcceptEncoding;
        if (TakesGzip(context.Request))
        {
            headers.ContentEncoding = "gzip";
            return TypedResults.PhysicalFile(file.Path, file.ContentType, entityTag: new($"\"{file.Hash}\"")).ExecuteAsync(context);
        }

        return TypedResults.Stream(new GZipStream(File.OpenRead(file.Path), CompressionMode.Decompress), file.ContentType, entityTag: new($"\"{file.Hash}-plain\""))
            .ExecuteAsync(context);
    }

    /// <summary>Named and not refused; a client that names nothing, or only <c>*</c>, gets the text as it is.</summary>
    private static bool TakesGzip(HttpRequest request) =>
        request.GetTypedHeaders().AcceptEncoding.Any(e => e.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && e.Quality != 0);
}
