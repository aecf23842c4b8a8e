using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.Tests.GraphQL.Http;

public sealed class HttpTests
{
    private const string Json = "application/json; charset=utf-8";
    private const string Response = "application/graphql-response+json; charset=utf-8";

    [Theory]
    [InlineData(null, 200, Json)]
    [InlineData("*/*", 200, Json)]
    [InlineData("application/json", 200, Json)]
    [InlineData("application/graphql-response+json", 400, Response)]
    [InlineData("application/graphql-response+json, application/json;q=0.9", 400, Response)]
    [InlineData("application/json, application/graphql-response+json", 200, Json)]
    [InlineData("application/graphql-response+json;q=0.1, */*", 200, Json)]
    [InlineData("application/*;q=0.5, text/html", 200, Json)]
    [InlineData("application/graphql-response+json, multipart/mixed", 400, Response)]
    [InlineData("text/html", 406, Json)]
    [InlineData("application/json;q=0", 406, Json)]
    public async Task The_media_type_is_chosen_and_the_status_follows_from_it(string? accept, int status, string type)
    {
        await using var host = await TestHost.StartAsync();
        var (response, body) = await host.PostAsync("""{"query":"{ unknown }"}""", accept);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.NotEmpty(JsonNode.Parse(body)!["errors"]!.AsArray());
        Assert.NotEmpty(JsonNode.Parse(body)!["errors"]![0]!["extensions"]!["traceId"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "query={__typename}")]
    [InlineData("text/plain", """{"query":"{ __typename }"}""")]
    [InlineData("multipart/form-data; boundary=x", "--x--")]
    [InlineData("application/json; charset=iso-8859-1", """{"query":"{ __typename }"}""")]
    public async Task What_a_page_of_another_site_can_send_is_refused(string type, string body)
    {
        await using var host = await TestHost.StartAsync();
        var (response, _) = await host.PostAsync(body, contentType: type);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task A_get_needs_the_preflight_header_where_that_is_asked_for()
    {
        await using var host = await TestHost.StartAsync(b => b.ModifyServerOptions(o => o.EnforceGetRequestsPreflightHeader = true));
        var ct = TestContext.Current.CancellationToken;
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Client.GetAsync("/graphql?query={who}", ct)).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/graphql?query={who}");
        request.Headers.Add("GraphQL-Preflight", "1");
        request.Headers.Add("X-User", "Grace");
        var response = await host.Client.SendAsync(request, ct);
        Assert.Equal("""{"who":"Grace at /who"}""", JsonNode.Parse(await response.Content.ReadAsStringAsync(ct))!["data"]!.ToJsonString());
    }

    [Fact]
    public async Task A_mutation_by_get_is_not_carried_out()
    {
        await using var host = await TestHost.StartAsync();
        var response = await host.Client.GetAsync("/graphql?query=mutation{slowly(name:\"x\",yields:1)}", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["POST"], response.Content.Headers.Allow);
        Assert.Empty(host.Shop.Log);
    }

    [Fact]
    public async Task Other_methods_are_told_what_is_offered()
    {
        await using var host = await TestHost.StartAsync();
        var response = await host.Client.PutAsync("/graphql", new StringContent("{}"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "POST"], response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("[]", "A batch has 1 to 10 requests, not 0.")]
    [InlineData("7", "A request is a JSON object, not a number.")]
    [InlineData("{}", "The request has no \"query\".")]
    [InlineData("""{"query":7}""", "\"query\" is a string, not a number.")]
    [InlineData("""{"query":"{who}","variables":[]}""", "\"variables\" is an object, not an array.")]
    [InlineData("""{"query":"{who}","extensions":"x"}""", "\"extensions\" is an object, not a string.")]
    [InlineData("""{"query":"\uD800"}""", "\"query\" holds half a surrogate pair.")]
    [InlineData("{\n  x", "The request is no JSON of at most 200 levels: line 2, byte 3.")]
    public async Task A_request_that_cannot_be_read_says_why(string body, string message)
    {
        await using var host = await TestHost.StartAsync();
        var (response, answer) = await host.PostAsync(body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(message, JsonNode.Parse(answer)!["errors"]![0]!["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task Persisted_operations_are_kept_by_their_hash()
    {
        await using var host = await TestHost.StartAsync();
        const string query = "{ __typename }";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(query)));
        string Request(string? text, string h) => new JsonObject
        {
            ["query"] = text,
            ["extensions"] = new JsonObject { ["persistedQuery"] = new JsonObject { ["version"] = 1, ["sha256Hash"] = h } },
        }.ToJsonString();

        Assert.Contains("PERSISTED_QUERY_NOT_FOUND", (await host.PostAsync(Request(null, hash))).Body);
        Assert.Contains("PERSISTED_QUERY_MISMATCH", (await host.PostAsync(Request("{ who }", hash))).Body);
        Assert.Contains("Query", (await host.PostAsync(Request(query, hash))).Body);
        Assert.Contains("Query", (await host.PostAsync(Request(null, hash))).Body);
        var url = $"/graphql?extensions={Uri.EscapeDataString($$$"""{"persistedQuery":{"version":1,"sha256Hash":"{{{hash}}}"}}""")}";
        Assert.Contains("Query", await host.Client.GetStringAsync(url, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/graphql?sdl")]
    [InlineData("/graphql/schema.graphql")]
    public async Task The_schema_can_be_downloaded(string path)
    {
        await using var host = await TestHost.StartAsync();
        var response = await host.Client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal("application/graphql; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.Equal(
            SchemaPrinter.Print(host.Services.GetRequiredService<Schema>()),
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Browsers_get_the_page_where_there_is_one_and_it_is_switched_on()
    {
        await using var host = await TestHost.StartAsync(b => b.Services.AddSingleton<IGraphQLTool, Page>());
        await using var off = await TestHost.StartAsync(b => b.ModifyServerOptions(o => o.Tool.Enable = false).Services.AddSingleton<IGraphQLTool, Page>());
        await using var none = await TestHost.StartAsync();
        Assert.Equal((HttpStatusCode.OK, "page of ''"), await BrowseAsync(host, "/graphql"));
        Assert.Equal((HttpStatusCode.OK, "page of 'app.js'"), await BrowseAsync(host, "/graphql/app.js"));
        Assert.Equal(HttpStatusCode.NotFound, (await BrowseAsync(host, "/graphql/missing")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await BrowseAsync(off, "/graphql")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await BrowseAsync(none, "/graphql")).Status);
    }

    [Fact]
    public async Task An_invalid_document_can_be_answered_with_422()
    {
        await using var host = await TestHost.StartAsync(b => b.ModifyServerOptions(o => o.UseUnprocessableContent = true));
        const string accept = "application/graphql-response+json";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.PostAsync("""{"query":"{ unknown }"}""", accept)).Response.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.PostAsync("""{"query":"{ unknown"}""", accept)).Response.StatusCode);
    }

    [Fact]
    public async Task A_subscription_is_a_stream_of_events_and_says_when_it_fails()
    {
        await using var host = await TestHost.StartAsync(b => b.ModifyRequestOptions(o => o.ReportCost = false));
        var (response, body) = await host.PostAsync("""{"query":"subscription { count(to: 2) }"}""", "text/event-stream");
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(":\n\nevent: next\ndata: {\"data\":{\"count\":1}}\n\nevent: next\ndata: {\"data\":{\"count\":2}}\n\nevent: complete\ndata:\n\n", body);

        var (refused, _) = await host.PostAsync("""{"query":"subscription { count(to: 2) }"}""", "application/json");
        Assert.Equal("application/json", refused.Content.Headers.ContentType!.MediaType);
        var (_, failing) = await host.PostAsync("""{"query":"subscription { count(to: 14) }"}""", "text/event-stream");
        Assert.Contains("Unexpected Execution Error", failing);
        Assert.Contains("{\"count\":14}", failing);
        Assert.DoesNotContain("thirteen", failing);
    }

    private static async Task<(HttpStatusCode Status, string Body)> BrowseAsync(TestHost host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/html,application/xhtml+xml");
        var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private sealed class Page : IGraphQLTool
    {
        public async ValueTask<bool> TryServeAsync(HttpContext context, string slug)
        {
            if (slug == "missing")
                return false;
            await context.Response.WriteAsync($"page of '{slug}'");
            return true;
        }
    }
}
