using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.Tests.GraphQL.Judges;

namespace Telemetry.Api.Tests.GraphQL.Types;

/// <summary>What graphql-js makes of our introspection.</summary>
public sealed class IntrospectionTests(NodeFixture node)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Graphql_js_builds_the_same_schema_of_it(bool ofCode)
    {
        node.Require();
        using var judge = new GraphQLJs(node);
        await using var host = await TestHost.StartAsync(b => Use(b, ofCode));
        await AssertBuildsAsync(judge, host.Services.GetRequiredService<Schema>(), query => host.ExecuteAsync(query));
    }

    [Fact]
    public async Task Graphql_js_builds_Telemetrys_schema_of_it()
    {
        node.Require();
        using var judge = new GraphQLJs(node);
        await using var host = await TelemetrySchema.TelemetryHost.StartAsync();
        await AssertBuildsAsync(judge, host.Services.GetRequiredService<Schema>(), query => host.PostAsync(query));
    }

    private static async Task AssertBuildsAsync(GraphQLJs judge, Schema schema, Func<string, Task<JsonNode>> execute)
    {
        var query = judge.Ask("introspectionQuery", ("options", new JsonObject
        {
            ["descriptions"] = true,
            ["specifiedByUrl"] = true,
            ["directiveIsRepeatable"] = true,
            ["schemaDescription"] = true,
            ["inputValueDeprecation"] = true,
            ["oneOf"] = true,
        }))!.GetValue<string>();

        var answer = await execute(query);

        Assert.Null(answer["errors"]);
        var client = judge.Ask("clientSchema", ("introspection", answer["data"]!.DeepClone()))!;
        Assert.Empty(client["errors"]!.AsArray());
        Assert.Equal(client["sdl"]!.GetValue<string>().TrimEnd(), SchemaPrinter.Print(schema).TrimEnd());
    }

    [Fact]
    public async Task Our_sdl_read_by_graphql_js_is_our_sdl()
    {
        node.Require();
        using var judge = new GraphQLJs(node);
        await using var host = await TestHost.StartAsync();
        var sdl = SchemaPrinter.Print(host.Services.GetRequiredService<Schema>()).TrimEnd();

        var theirs = judge.Ask("sdl", ("sdl", sdl))!;

        Assert.Empty(theirs["errors"]!.AsArray());
        Assert.Equal(sdl, theirs["sdl"]!.GetValue<string>().TrimEnd());
        Assert.Equal(sdl, SchemaPrinter.Print(SdlSchemaReader.Read(sdl)).TrimEnd());
    }

    [Fact]
    public void A_schema_of_150_types_is_read_and_printed_as_graphql_js_does()
    {
        node.Require();
        using var judge = new GraphQLJs(node);
        var sdl = File.ReadAllText(Path.Combine(NodeFixture.Folder, "../../../data/graphql/schema.graphql"));

        var theirs = judge.Ask("sdl", ("sdl", sdl))!;

        Assert.Empty(theirs["errors"]!.AsArray());
        // The scalars are the engine's own, with descriptions.
        static IEnumerable<string> Definitions(string text) => text.TrimEnd().Split("\n\n").Where(d => !d.Contains("scalar ")).Order();
        Assert.Equal(Definitions(theirs["sdl"]!.GetValue<string>()), Definitions(SchemaPrinter.Print(SdlSchemaReader.Read(sdl))));
    }

    private static void Use(IRequestExecutorBuilder builder, bool ofCode)
    {
        if (!ofCode)
            builder.AddSchema(SdlSchemaReader.Read(TestSchema.Sdl));
    }
}
