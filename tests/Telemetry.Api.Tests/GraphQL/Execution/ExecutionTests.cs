using System.Text.Json.Nodes;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.Tests.GraphQL.Execution;

/// <summary>Null bubbling, order, errors and paths, on a schema whose values the test gives.</summary>
public sealed class ExecutionTests
{
    private const string Sdl = """
        type Query { a: Node b: Node! list: [Node!] lists: [[Int!]!] strict: [Node!]! echo(x: Int, y: [Int!] = [1, 2], z: Point): String any: Thing }
        type Mutation { set(n: Int!): Int }
        type Node { id: ID! name: String! maybe: String child: Node sure: Node! slow: String! }
        input Point { x: Int! = 7 y: Int }
        interface Thing { id: ID }
        type Stone implements Thing { id: ID }
        """;

    private static readonly Exception Broken = new GraphQLException(new Error("broken") { Code = "BROKEN" });

    private static async Task<string> RunAsync(string document, object? root = null, object? variables = null, Action<string, OutputField>? configure = null)
    {
        await using var host = await TestHost.StartAsync(b => b
            .AddSchema(SdlSchemaReader.Read(Sdl, (type, field) =>
            {
                if (type == "Query" && root is IReadOnlyDictionary<string, object?> values)
                    field.Resolver = _ => Value(values.GetValueOrDefault(field.Name));
                if (type == "Node")
                    field.Resolver = context => Value(context.Parent<Dictionary<string, object?>>().GetValueOrDefault(field.Name));
                configure?.Invoke(type, field);
            }))
            .ModifyRequestOptions(o => o.ReportCost = false));
        return Short(await host.ExecuteAsync(document, variables));
    }

    private static ValueTask<object?> Value(object? value) => value switch
    {
        Exception e => throw e,
        Task<object?> task => new(task),
        _ => new(value),
    };

    private static string Short(JsonNode answer)
    {
        foreach (var error in answer["errors"]?.AsArray() ?? [])
        {
            error!.AsObject().Remove("locations");
            error["extensions"]!.AsObject().Remove("traceId");
        }

        return answer.ToJsonString().Replace("\"", "").Replace("extensions:{code:", "{");
    }

    private static Dictionary<string, object?> Node(params (string Name, object? Value)[] values) => values.ToDictionary(v => v.Name, v => v.Value);

    private static async Task<object?> Later(object? value)
    {
        await Task.Yield();
        return value is Exception e ? throw e : value;
    }

    [Fact]
    public async Task A_null_takes_the_nearest_place_that_may_be_null() => Assert.Equal(
        "{errors:[{message:broken,path:[a,sure,name],{BROKEN}}],data:{a:null,list:[]}}",
        await RunAsync("{ a { id sure { name } } list { id } }", Node(("a", Node(("id", 1), ("sure", Node(("name", Broken))))), ("list", Array.Empty<object>()))));

    [Fact]
    public async Task A_null_goes_through_lists_that_take_none() => Assert.Equal(
        "{errors:[{message:broken,path:[list,1,name],{BROKEN}}],data:{list:null}}",
        await RunAsync("{ list { name } }", Node(("list", new[] { Node(("name", "x")), Node(("name", Broken)) }))));

    [Fact]
    public async Task A_null_that_reaches_the_root_is_all_the_data_and_cancels_what_still_runs()
    {
        var cancelled = false;
        var answer = await RunAsync("{ a { slow } b { name } }", Node(("a", Node()), ("b", Node(("name", Later(Broken))))), configure: (_, field) =>
        {
            if (field.Name != "slow")
                return;
            field.Resolver = async context =>
            {
                try
                {
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                }
                finally
                {
                    cancelled = true;
                }

                return null;
            };
        });
        Assert.Equal("{errors:[{message:broken,path:[b,name],{BROKEN}}],data:null}", answer);
        Assert.True(cancelled);
    }

    [Fact]
    public async Task Errors_below_a_null_that_stands_already_are_dropped() => Assert.Equal(
        "{errors:[{message:broken,path:[a,name],{BROKEN}}],data:{a:null}}",
        await RunAsync("{ a { name slow maybe } }", Node(("a", Node(("name", Later(Broken)), ("slow", Later(Later(Broken))), ("maybe", Later("x")))))));

    [Fact]
    public async Task An_item_that_is_null_nulls_its_list() => Assert.Equal(
        "{errors:[{message:lists is never null, and has no value.,path:[lists,1,0],{NON_NULL_VIOLATION}}],data:{lists:null}}",
        await RunAsync("{ lists }", Node(("lists", new[] { new object?[] { 1 }, [null] }))));

    [Fact]
    public async Task A_nullable_field_that_fails_is_null_and_its_siblings_stay() => Assert.Equal(
        "{errors:[{message:broken,path:[a,maybe],{BROKEN}}],data:{a:{maybe:null,id:1}}}",
        await RunAsync("{ a { maybe id } }", Node(("a", Node(("id", 1), ("maybe", Broken))))));

    [Fact]
    public async Task Fields_stand_in_the_order_of_their_first_appearance() => Assert.Equal(
        "{data:{a:{maybe:m,id:1,n:x}}}",
        await RunAsync("{ a { maybe ...F } a { id n: name } } fragment F on Node { id maybe }", Node(("a", Node(("id", 1), ("maybe", Later("m")), ("name", "x"))))));

    [Fact]
    public async Task Skip_and_include_take_variables() => Assert.Equal(
        "{data:{a:{id:1}}}",
        await RunAsync(
            "query ($yes: Boolean!, $no: Boolean = false) { a { id @include(if: $yes) name @skip(if: $yes) ... @include(if: $no) { maybe } } }",
            Node(("a", Node(("id", 1)))), new { yes = true }));

    [Fact]
    public async Task A_value_of_no_type_of_an_interface_is_an_error_without_internals() => Assert.Equal(
        "{errors:[{message:Unexpected Execution Error,path:[any],{INTERNAL_SERVER_ERROR}}],data:{any:null}}",
        await RunAsync("{ any { id } }", Node(("any", 12))));

    [Theory]
    [InlineData("{ echo }", null, "x null, y [1,2], z null")]
    [InlineData("{ echo(x: null, y: null, z: null) }", null, "x null, y null, z null")]
    [InlineData("{ echo(x: 1, y: 3, z: {}) }", null, "x 1, y [3], z {x:7}")]
    [InlineData("query ($x: Int, $y: [Int!], $z: Point) { echo(x: $x, y: $y, z: $z) }", "{}", "x null, y [1,2], z null")]
    [InlineData("query ($x: Int, $y: [Int!], $z: Point) { echo(x: $x, y: $y, z: $z) }", """{"x":1.0,"y":5,"z":{"y":null}}""", "x 1, y [5], z {y:null,x:7}")]
    [InlineData("query ($x: Int = 4, $y: Int) { echo(x: $x, z: {y: $y}) }", "{}", "x 4, y [1,2], z {x:7}")]
    [InlineData("query ($x: Int = 4) { echo(x: $x) }", """{"x":null}""", "x null, y [1,2], z null")]
    public async Task A_default_stands_for_what_is_absent_and_not_for_null(string document, string? variables, string expected)
    {
        var answer = await RunAsync(
            document,
            variables: variables is null ? null : JsonNode.Parse(variables),
            configure: (_, field) => field.Resolver = field.Name != "echo" ? field.Resolver : context => new(
                string.Join(", ", field.Arguments.Select(a => $"{a.Name} {Show(context.ArgumentValue<object?>(a.Name))}"))));
        Assert.Equal($"{{data:{{echo:{expected}}}}}", answer);
    }

    private static string Show(object? value) => value switch
    {
        null => "null",
        InputObject o => "{" + string.Join(",", o.Select(p => $"{p.Key}:{Show(p.Value)}")) + "}",
        object?[] items => "[" + string.Join(",", items.Select(Show)) + "]",
        _ => value.ToString()!,
    };

    [Theory]
    [InlineData("query ($x: Int) { echo(x: $x) }", """{"x":"1"}""", "Variable \"$x\" got an invalid value. Int cannot represent \"1\".")]
    [InlineData("query ($x: Int) { echo(x: $x) }", """{"x":2147483648}""", "Variable \"$x\" got an invalid value. Int cannot represent 2147483648.")]
    [InlineData("query ($x: Int!) { echo(x: $x) }", "{}", "Variable \"$x\" got an invalid value. It is of type Int!, and was not given.")]
    [InlineData("query ($y: [Int!]) { echo(y: $y) }", """{"y":[1,null]}""", "Variable \"$y\" got an invalid value. A value of type Int! is never null. (at \"[1]\")")]
    [InlineData("query ($z: Point) { echo(z: $z) }", """{"z":{"w":1}}""", "Variable \"$z\" got an invalid value. Field \"w\" is not defined by Point.")]
    public async Task A_variable_that_does_not_fit_is_told_by_name_place_and_value(string document, string variables, string message)
    {
        await using var host = await TestHost.StartAsync(b => b.AddSchema(SdlSchemaReader.Read(Sdl)));

        var answer = await host.ExecuteAsync(document, JsonNode.Parse(variables));

        var error = Assert.Single(answer["errors"]!.AsArray())!;
        Assert.Equal(message, error["message"]!.GetValue<string>());
        Assert.Equal("BAD_USER_INPUT", error["extensions"]!["code"]!.GetValue<string>());
        Assert.False(answer.AsObject().ContainsKey("data"));
    }
}
