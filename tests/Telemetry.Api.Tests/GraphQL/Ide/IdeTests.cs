using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Http.Ide;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.Ide;

/// <summary>The pages' files over HTTP, from a folder as the build makes it.</summary>
public sealed class IdeTests : IDisposable
{
    private const string Script = "console.log('a page');";

    private readonly TemporaryDirectory _folder = new();

    public IdeTests()
    {
        foreach (var (name, text) in (ReadOnlySpan<(string, string)>)
            [("bananacakepop/index.html", "<!doctype html>cake"), ("bananacakepop/LICENSE", "the terms"), ("graphiql/index.html", "<!doctype html>graphiql"), ("graphiql/a.svg", "<svg/>")])
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(_folder.File(name))!);
            File.WriteAllText(_folder.File(name), text);
        }

        Directory.CreateDirectory(_folder.File("bananacakepop/static/js"));
        using var compressed = new System.IO.Compression.GZipStream(File.Create(_folder.File("bananacakepop/static/js/main.0349187e.js.gz")), System.IO.Compression.CompressionLevel.Fastest);
        compressed.Write(System.Text.Encoding.UTF8.GetBytes(Script));
    }

    public void Dispose() => _folder.Dispose();

    private Task<TestHost> HostAsync(Action<GraphQLServerOptions>? configure = null) =>
        TestHost.StartOnPortAsync(b => b.AddGraphQLIde(_folder.Path).ModifyServerOptions(configure ?? (_ => { })), pathBase: "/telemetry");

    private static async Task<(HttpResponseMessage Response, string Body)> GetAsync(TestHost host, string target, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, host.Url.Replace("/graphql", target, StringComparison.Ordinal));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static readonly (string, string) AsBrowser = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");

    [Theory]
    [InlineData("/graphql", "graphql/")]
    [InlineData("/telemetry/graphql", "graphql/")]
    [InlineData("/telemetry/graphql/graphiql", "graphiql/")]
    [InlineData("/graphql?a=1", "graphql/?a=1")]
    public async Task A_browser_is_sent_to_the_folder_that_the_page_loads_from(string target, string location)
    {
        await using var host = await HostAsync();
        var (response, _) = await GetAsync(host, target, AsBrowser);
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal(location, response.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("/graphql/", "cake", "LICENSE")]
    [InlineData("/telemetry/graphql/", "cake", "LICENSE")]
    [InlineData("/telemetry/graphql/graphiql/", "graphiql", "LICENSES.txt")]
    public async Task A_page_comes_with_a_policy_that_lets_it_reach_only_its_own_server(string target, string content, string license)
    {
        await using var host = await HostAsync();
        var (response, body) = await GetAsync(host, target, AsBrowser);
        Assert.Equal("<!doctype html>" + content, body);
        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy);
        Assert.Contains("connect-src 'self';", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain("http", policy);
        Assert.Equal(content == "cake", policy.Contains("unsafe-eval", StringComparison.Ordinal));
        Assert.Equal($"<{license}>; rel=\"license\"", response.Headers.GetValues("Link").Single());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(response.Headers.CacheControl!.NoCache);
    }

    [Fact]
    public async Task A_file_that_never_changes_is_kept_and_another_is_asked_for_by_its_tag()
    {
        await using var host = await HostAsync();
        var (script, plain) = await GetAsync(host, "/graphql/static/js/main.0349187e.js");
        Assert.Equal(Script, plain);
        Assert.Equal("text/javascript; charset=utf-8", script.Content.Headers.ContentType!.ToString());
        Assert.Equal("public, max-age=31536000, immutable", script.Headers.CacheControl!.ToString());

        var (compressed, bytes) = await GetAsync(host, "/graphql/static/js/main.0349187e.js", ("Accept-Encoding", "gzip, br"));
        Assert.Equal(["gzip"], compressed.Content.Headers.ContentEncoding);
        Assert.NotEqual(Script, bytes);
        Assert.Contains("Accept-Encoding", compressed.Headers.Vary);
        Assert.NotEqual(script.Headers.ETag, compressed.Headers.ETag);

        var (image, _) = await GetAsync(host, "/graphql/graphiql/a.svg");
        Assert.Equal("image/svg+xml", image.Content.Headers.ContentType!.ToString());
        Assert.True(image.Headers.CacheControl!.NoCache);
        var (again, nothing) = await GetAsync(host, "/graphql/graphiql/a.svg", ("If-None-Match", image.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Equal("", nothing);
    }

    [Theory]
    [InlineData("/graphql/none.js")]
    [InlineData("/graphql/graphiql/none")]
    [InlineData("/graphql/%2e%2e/graphiql/index.html")]
    [InlineData("/graphql/..%2fgraphiql%2findex.html")]
    [InlineData("/graphql/graphiql/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd")]
    public async Task Nothing_but_the_pages_own_files_can_be_asked_for(string target)
    {
        await using var host = await HostAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(host, target)).Response.StatusCode);
    }

    [Theory]
    [InlineData("bcp-config.json")]
    [InlineData("nitro-config.json")]
    public async Task The_settings_name_the_pages_own_address_and_no_telemetry(string name)
    {
        await using var host = await HostAsync(o => (o.Tool.Title, o.Tool.Document) = ("Shop", "{ who }"));
        var (response, body) = await GetAsync(host, $"/telemetry/graphql/{name}");
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        var settings = JsonNode.Parse(body)!;
        Assert.Equal("Shop", settings["title"]!.GetValue<string>());
        Assert.Equal("{ who }", settings["graphQLDocument"]!.GetValue<string>());
        Assert.True(settings["useBrowserUrlAsEndpoint"]!.GetValue<bool>());
        Assert.True(settings["disableTelemetry"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Switched_off_there_are_no_pages_and_the_endpoint_answers_all_the_same()
    {
        await using var host = await HostAsync(o => o.Tool.Enable = false);
        foreach (var target in (string[])["/graphql", "/graphql/", "/graphql/graphiql/", "/graphql/LICENSE", "/graphql/bcp-config.json"])
            Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(host, target, AsBrowser)).Response.StatusCode);
        Assert.Equal("""{"data":{"__typename":"Query"}}""", Data((await GetAsync(host, "/graphql?query={__typename}")).Body));
    }

    [Theory]
    [InlineData("/telemetry/graphql/", "schema.graphql")]
    [InlineData("/telemetry/graphql/graphiql/", "../schema.graphql")]
    public async Task Without_the_files_the_page_says_what_is_missing_and_how_to_get_it(string target, string schema)
    {
        await using var host = await TestHost.StartOnPortAsync(b => b.AddGraphQLIde(_folder.File("nowhere")), pathBase: "/telemetry");
        var (response, body) = await GetAsync(host, target, AsBrowser);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("Install Node.js", body);
        Assert.Contains($"curl {host.Url.Replace("/graphql", "/telemetry/graphql", StringComparison.Ordinal)} ", body);
        Assert.Contains($"href=\"{schema}\"", body);
        Assert.Equal("""{"data":{"__typename":"Query"}}""", Data((await GetAsync(host, "/telemetry/graphql?query={__typename}")).Body));
    }

    [Fact]
    public async Task A_program_that_takes_anything_is_never_shown_a_page()
    {
        await using var host = await HostAsync();
        var (response, body) = await GetAsync(host, "/graphql", ("Accept", "*/*"));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.StartsWith("{", body);
        Assert.Equal(new MediaTypeHeaderValue("application/json", "utf-8"), response.Content.Headers.ContentType);
    }

    private static string Data(string body)
    {
        var answer = JsonNode.Parse(body)!.AsObject();
        answer.Remove("extensions");
        return answer.ToJsonString();
    }
}
