using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.Tests.GraphQL.Execution;

public sealed class LimitTests
{
    [Theory]
    [InlineData("{ __typename }", 0)]
    [InlineData("{ who }", 10)]
    [InlineData("{ a: who b: who }", 20)]
    // The connection 10 + 1; its nodes 1 and ten items of 1 + 0.
    [InlineData("{ books(first: 10) { nodes { title } } }", 22)]
    // An author costs 10 + 1 for each.
    [InlineData("{ books(first: 10) { nodes { author { name } } } }", 132)]
    [InlineData("{ books { ...F ...F } } fragment F on BooksConnection { nodes { title } }", 17)]
    [InlineData("{ __schema { types { name fields { name } } } }", 0)]
    [InlineData("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }", 13)]
    public async Task A_cost_is_reckoned_from_resolvers_objects_and_page_sizes(string document, double cost)
    {
        await using var host = await TestHost.StartAsync();
        var answer = await host.ExecuteAsync(document);
        Assert.Equal(cost, answer["extensions"]!["cost"]!["requested"]!.GetValue<double>());
        Assert.Equal(10_000, answer["extensions"]!["cost"]!["maximum"]!.GetValue<double>());
    }

    [Fact]
    public async Task A_page_size_in_a_variable_counts()
    {
        await using var host = await TestHost.StartAsync(b => b.ModifyRequestOptions(o => o.MaxCost = 30));
        const string query = "query ($n: Int) { books(first: $n) { nodes { title } } }";
        Assert.Null((await host.ExecuteAsync(query, new { n = 15 }))["errors"]);
        var error = (await host.ExecuteAsync(query, new { n = 1_000 }))["errors"]![0]!;
        Assert.Equal("COST_EXCEEDED", error["extensions"]!["code"]!.GetValue<string>());
        Assert.Equal(1_012, error["extensions"]!["requested"]!.GetValue<double>());
        Assert.Null((await host.ExecuteAsync(query, new { n = 3 }))["errors"]);
    }

    [Fact]
    public async Task An_operation_that_takes_too_long_ends_with_an_error()
    {
        var schema = SdlSchemaReader.Read("type Query { forever: Int }", (_, field) => field.Resolver = async _ =>
        {
            await new TaskCompletionSource().Task;
            return 1;
        });
        await using var host = await TestHost.StartAsync(b => b.AddSchema(schema).ModifyRequestOptions(o => o.ExecutionTimeout = TimeSpan.FromMilliseconds(20)));
        var answer = await host.ExecuteAsync("{ forever }");
        Assert.Equal("TIMEOUT", answer["errors"]![0]!["extensions"]!["code"]!.GetValue<string>());
        Assert.Null(answer["data"]);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_operation()
    {
        using var left = new CancellationTokenSource();
        var ended = new TaskCompletionSource();
        var schema = SdlSchemaReader.Read("type Query { forever: Int }", (_, field) => field.Resolver = async context =>
        {
            context.RequestAborted.Register(() => ended.SetResult());
            await left.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return 1;
        });
        await using var host = await TestHost.StartAsync(b => b.AddSchema(schema));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await host.Executor.ExecuteAsync(new OperationRequest { Document = "{ forever }" }, host.Services, left.Token));
        await ended.Task;
    }

    [Fact]
    public async Task Root_fields_of_a_query_run_in_parallel()
    {
        var meeting = new Dictionary<string, TaskCompletionSource> { ["a"] = new(), ["b"] = new() };
        var schema = SdlSchemaReader.Read("type Query { a: Int b: Int }", (_, field) => field.Resolver = async context =>
        {
            meeting[field.Name].SetResult();
            await meeting[field.Name == "a" ? "b" : "a"].Task;
            return 1;
        });
        await using var host = await TestHost.StartAsync(b => b.AddSchema(schema).ModifyRequestOptions(o => o.ReportCost = false));
        Assert.Equal("""{"data":{"a":1,"b":1}}""", (await host.ExecuteAsync("{ a b }")).ToJsonString());
    }

    [Fact]
    public async Task Five_thousand_failures_make_a_hundred_errors()
    {
        var schema = SdlSchemaReader.Read("type Query { items: [Item] } type Item { x: Int }", (type, field) =>
            field.Resolver = type == "Query" ? _ => new(Enumerable.Repeat(new object(), 5_000).ToArray()) : _ => throw new GraphQLException("no"));
        await using var host = await TestHost.StartAsync(b => b.AddSchema(schema).ModifyRequestOptions(o => o.MaxCost = 1e6));
        var answer = await host.ExecuteAsync("{ items { x } }");
        Assert.Equal(100, answer["errors"]!.AsArray().Count);
        Assert.Equal(5_000, answer["data"]!["items"]!.AsArray().Count);
    }

    [Fact]
    public void A_cache_keeps_what_was_used_last()
    {
        var cache = new LruCache<string, int>(2);
        cache.Set("a", 1);
        cache.Set("b", 2);
        Assert.True(cache.TryGet("a", out _));
        cache.Set("c", 3);
        Assert.True(cache.TryGet("a", out var a));
        Assert.Equal(1, a);
        Assert.False(cache.TryGet("b", out _));
        Assert.Equal(2, cache.Count);
    }

    [Fact]
    public async Task A_subscriber_that_does_not_read_is_ended_at_once_and_holds_up_nobody()
    {
        var topics = new InMemoryTopics(bufferCapacity: 4);
        await using var slow = await topics.SubscribeAsync<int>("t", TestContext.Current.CancellationToken);
        await using var other = await topics.SubscribeAsync<int>("t", TestContext.Current.CancellationToken);
        await using var reader = other.ReadEventsAsync().GetAsyncEnumerator(TestContext.Current.CancellationToken);
        for (var i = 0; i < 5; i++)
        {
            await topics.SendAsync("t", i, TestContext.Current.CancellationToken);
            Assert.True(await reader.MoveNextAsync());
            Assert.Equal(i, reader.Current);
        }

        var read = new List<int>();
        var error = await Assert.ThrowsAsync<GraphQLException>(async () =>
        {
            await foreach (var n in slow.ReadEventsAsync())
                read.Add(n);
        });
        Assert.Empty(read); // what had piled up does not come first
        Assert.Equal(1, topics.SubscriberCount);
        Assert.Equal("SLOW_SUBSCRIBER", error.Errors[0].Code);
    }

    [Fact]
    public async Task What_a_filter_makes_of_an_error_is_what_the_client_sees()
    {
        await using var host = await TestHost.StartAsync(b => b.AddErrorFilter<Rename>());
        var error = (await host.ExecuteAsync("{ fails }"))["errors"]![0]!;
        Assert.Equal("InvalidOperationException", error["extensions"]!["code"]!.GetValue<string>());
    }

    private sealed class Rename : IErrorFilter
    {
        public IError OnError(IError error) => Error.From(error) with { Code = error.Exception?.GetType().Name };
    }
}
