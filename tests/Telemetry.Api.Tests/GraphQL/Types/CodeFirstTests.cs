using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.CodeFirst;

namespace Telemetry.Api.Tests.GraphQL.Types;

/// <summary>What C# types become, and what their methods are given.</summary>
public sealed class CodeFirstTests
{
    [Fact]
    public async Task Names_nullability_defaults_and_descriptions_follow_from_the_code()
    {
        await using var host = await TestHost.StartAsync();
        var sdl = SchemaPrinter.Print(host.Services.GetRequiredService<Schema>());

        Assert.Contains("\"\"\"A book of the shop.\"\"\"\ntype Book implements Publication & Node {\n", sdl);
        Assert.Contains("  \"\"\"Without the cover.\"\"\"\n  pages: Int\n", sdl);
        Assert.Contains("  tags: [String]!\n", sdl);
        Assert.Contains("  square: Int!\n", sdl);
        Assert.Contains("  author: Author!\n", sdl);
        Assert.DoesNotContain("authorKey", sdl);
        Assert.Contains(""""
            """How a `Book` is bound."""
            enum Binding {
              """With a stiff cover."""
              HARD_COVER
              PAPERBACK @deprecated(reason: "Nobody buys it.")
            }
            """", sdl);
        Assert.Contains("union SearchResult = Book | Journal", sdl);
        Assert.Contains("search(text: String!, limit: Int! = 3): [SearchResult!]!", sdl);
        Assert.Contains("duration(length: Duration!, binding: Binding = PAPERBACK): String!", sdl);
        Assert.Contains("""
            input BookByInput @oneOf {
              id: ID
              title: String
            }
            """, sdl);
        Assert.Contains("pages: Int! = 100", sdl);
        Assert.Contains("type BooksConnection {", sdl);
        Assert.Contains("  nodes: [Book!]\n", sdl);
        Assert.Contains("  totalCount: Long!\n", sdl);
        Assert.Contains("union AddBookError = TooManyPagesError | TitleTakenError", sdl);
        Assert.Contains("type TooManyPagesError implements Error {", sdl);
        Assert.Contains("addBook(input: AddBookInput!): AddBookPayload!", sdl);
        Assert.Contains("  book: Book\n", sdl);
        Assert.Contains("  errors: [AddBookError!]\n", sdl);
        Assert.Contains("input BindingOperationFilterInput {", sdl);
        Assert.Contains("input ListBookFilterInput {", sdl);
        Assert.Contains("input FloatOperationFilterInput {", sdl);
        Assert.Contains("  nstartsWith: String\n", sdl);
        Assert.Contains("  in: [Float]\n", sdl);
        Assert.Contains("  in: [Binding!]\n", sdl);
        Assert.Contains("count(to: Int!): Int!", sdl);
        Assert.Contains("node(\n    \"\"\"As an object's `id` says.\"\"\"\n    id: ID!\n  ): Node\n", sdl);
        Assert.Contains("    \"\"\"Only those.\"\"\"\n    where: BookFilterInput\n", sdl);
    }

    [Theory]
    [InlineData("{ books(first: 2) { nodes { title } totalCount pageInfo { hasNextPage endCursor } } }", """{"books":{"nodes":[{"title":"Book 1"},{"title":"Book 2"}],"totalCount":20,"pageInfo":{"hasNextPage":true,"endCursor":"2"}}}""")]
    [InlineData("{ books { edges { cursor node { pages } } } }", """{"books":{"edges":[{"cursor":"1","node":{"pages":null}},{"cursor":"2","node":{"pages":20}},{"cursor":"3","node":{"pages":30}},{"cursor":"4","node":{"pages":40}},{"cursor":"5","node":{"pages":50}}]}}""")]
    [InlineData("{ books(where: {title: \"Book 3\"}) { nodes { binding printedAt tags } } }", """{"books":{"nodes":[{"binding":"HARD_COVER","printedAt":"2026-01-02T02:04:05.6Z","tags":["a",null]}]}}""")]
    [InlineData("{ books(where: {title: null}) { totalCount } }", """{"books":{"totalCount":0}}""")]
    [InlineData("{ book(by: {title: \"Book 7\"}) { id } }", """{"book":{"id":"Qm9vazo3"}}""")]
    [InlineData("{ book(by: {id: \"Qm9vazo3\"}) { title } }", """{"book":{"title":"Book 7"}}""")]
    [InlineData("{ node(id: \"Qm9vazo3\") { id ... on Book { title } } }", """{"node":{"id":"Qm9vazo3","title":"Book 7"}}""")]
    [InlineData("{ nodes(ids: [\"Qm9vazo3\", \"Qm9vazo5OQ\"]) { id } }", """{"nodes":[{"id":"Qm9vazo3"},null]}""")]
    [InlineData("{ search(text: \"Book 19\") { __typename ... on Publication { title } ... on Journal { issue } } }", """{"search":[{"__typename":"Book","title":"Book 19"},{"__typename":"Journal","title":"Book 19","issue":1099511627776}]}""")]
    [InlineData("{ publications { __typename title } }", """{"publications":[{"__typename":"Book","title":"B"},{"__typename":"Journal","title":"J"}]}""")]
    [InlineData("{ counts(to: 3) bindings(given: [PAPERBACK, HARD_COVER]) duration(length: \"PT1M30S\") }", """{"counts":[0,1,2],"bindings":["PAPERBACK","HARD_COVER"],"duration":"90 Paperback"}""")]
    [InlineData("{ filtered }", """{"filtered":"- - - - - - - - - - -"}""")]
    [InlineData("{ filtered(text: {eq: null, in: [\"a\", null]} number: {gt: 1.5} time: {lt: \"2026-01-01T00:00:00Z\"} big: {eq: 8589934592} id: {eq: 5} yes: {eq: true} binding: {in: PAPERBACK} books: {some: {title: \"t\"}} order: DESC) }", """{"filtered":"True - 2 1.5 2026 8589934592 5 True Paperback t Desc"}""")]
    [InlineData("{ bindings(given: PAPERBACK) w: who }", """{"bindings":["PAPERBACK"],"w":"Ada at /w"}""")]
    [InlineData("mutation { addBook(input: {title: \"New\"}) { book { pages binding } errors { __typename } } }", """{"addBook":{"book":{"pages":100,"binding":"HARD_COVER"},"errors":null}}""")]
    [InlineData("mutation { addBook(input: {title: \"New\", pages: 2000}) { book { pages } errors { ... on Error { message } ... on TooManyPagesError { pages } } } }", """{"addBook":{"book":null,"errors":[{"message":"2000 pages are too many.","pages":2000}]}}""")]
    [InlineData("mutation { addBook(input: {title: \"Book 1\"}) { errors { __typename ... on TitleTakenError { title } } } }", """{"addBook":{"errors":[{"__typename":"TitleTakenError","title":"taken"}]}}""")]
    public async Task Methods_get_what_they_ask_for(string document, string data)
    {
        await using var host = await TestHost.StartAsync();
        var answer = await host.ExecuteAsync(document);
        Assert.Null(answer["errors"]);
        Assert.Equal(data, answer["data"]!.ToJsonString());
    }

    [Theory]
    [InlineData("{ secret }", "AUTH_NOT_AUTHORIZED", "The caller may not see this field.")]
    [InlineData("{ fails }", "INTERNAL_SERVER_ERROR", "Unexpected Execution Error")]
    [InlineData("{ fails(known: true) }", "KNOWN", "It is known.")]
    [InlineData("{ book(by: {id: \"Qm9vazp4\"}) { id } }", "BAD_USER_INPUT", "x is out of range or of another form.")]
    [InlineData("{ book(by: {id: \"7\"}) { id } }", "BAD_USER_INPUT", "\"7\" is no id of type Book.")]
    [InlineData("{ duration(length: \"P1M\") }", "BAD_USER_INPUT", "P1M has months, which are of no fixed length.")]
    [InlineData("{ books(first: 16) { totalCount } }", "BAD_USER_INPUT", "\"first\" is 0 to 15, not 16.")]
    [InlineData("{ books(first: 1, last: 1) { totalCount } }", "BAD_USER_INPUT", "A page is asked for by \"first\" or by \"last\", not by both.")]
    public async Task Errors_tell_what_the_client_can_mend_and_nothing_else(string document, string code, string message)
    {
        await using var host = await TestHost.StartAsync();
        var error = Assert.Single((await host.ExecuteAsync(document))["errors"]!.AsArray())!;
        Assert.Equal(message, error["message"]!.GetValue<string>().Replace("Argument \"by\": ", ""));
        Assert.Equal(code, error["extensions"]!["code"]!.GetValue<string>());
        Assert.Equal("trace", error["extensions"]!["traceId"]!.GetValue<string>());
    }

    [Fact]
    public async Task References_of_a_list_are_read_at_once_and_so_are_those_behind_them()
    {
        await using var host = await TestHost.StartAsync();

        var answer = await host.ExecuteAsync("{ books(first: 15) { nodes { square author { name teacher { name teacher { name } } } } } }");

        Assert.Null(answer["errors"]);
        Assert.Equal("Author 11", answer["data"]!["books"]!["nodes"]![0]!["author"]!["teacher"]!["name"]!.GetValue<string>());
        Assert.Equal([[0, 1, 2], [10, 11, 12], [20, 21, 22]], host.Shop.AuthorReads);
        Assert.Equal(["squares of 15"], host.Shop.Log);
    }

    [Fact]
    public async Task Mutations_run_one_after_another()
    {
        await using var host = await TestHost.StartAsync();

        await host.ExecuteAsync("mutation { a: slowly(name: \"a\", yields: 20) b: slowly(name: \"b\", yields: 0) }");

        Assert.Equal(["a begins", "a ends", "b begins", "b ends"], host.Shop.Log);
    }

    [Fact]
    public void A_type_that_makes_no_schema_is_refused_with_its_name()
    {
        var error = Assert.Throws<SchemaException>(() => new SchemaBuilder().AddQueryType(typeof(Unpaged)).Build());
        Assert.Contains("Unpaged", error.Message);
    }

    private static class Unpaged
    {
        [UsePaging]
        public static JsonNode? Broken() => null;
    }
}
