using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.Tests.GraphQL.Execution;

/// <summary>An event to many subscribers is carried out once for all who ask alike, and for nobody else.</summary>
public sealed class SharedResultTests
{
    private const string Document = "subscription { told { title reader } }";

    [Fact]
    public async Task Who_asks_alike_shares_a_result_and_another_viewer_has_its_own()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<Times>();
        services.AddGraphQLServer().ConfigureSchema(b => b.AddTypes(typeof(Queries), typeof(Subscriptions), typeof(StoryFields)));
        await using var provider = services.BuildServiceProvider();
        var executor = provider.GetRequiredService<RequestExecutor>();
        (string? Viewer, string Reader, string Document, object? Variables)[] asked =
        [
            ("ada", "ada", Document, null), ("ada", "ada", Document, null), ("ada", "ada", Document, null), // once
            ("bob", "bob", Document, null),
            ("ada", "ada", "subscription { told { reader } }", null),
            ("ada", "ada", "subscription($no: Boolean!) { told { title @skip(if: $no) reader } }", new { no = true }),
            (null, "eve", Document, null), (null, "eve", Document, null), // nobody says that they may see the same
        ];
        var readers = new List<IAsyncEnumerator<OperationResult>>();
        foreach (var one in asked)
            readers.Add(await SubscribeAsync(executor, provider, one.Viewer, one.Reader, one.Document, one.Variables));

        await provider.GetRequiredService<ITopicEventSender>().SendAsync("told", new Story("news"), TestContext.Current.CancellationToken);
        var answers = new List<string>();
        foreach (var reader in readers)
        {
            Assert.True(await reader.MoveNextAsync());
            answers.Add(TestHost.Json(reader.Current)["data"]!["told"]!.ToJsonString());
            await reader.DisposeAsync();
        }

        Assert.Equal(
            asked.Select(a => a.Document == Document ? $$"""{"title":"news","reader":"{{a.Reader}}"}""" : $$"""{"reader":"{{a.Reader}}"}"""), answers);
        Assert.Equal(6, provider.GetRequiredService<Times>().Count);
    }

    private static async Task<IAsyncEnumerator<OperationResult>> SubscribeAsync(
        RequestExecutor executor, IServiceProvider services, string? viewer, string reader, string document, object? variables)
    {
        var state = new Dictionary<string, object?> { ["reader"] = reader };
        if (viewer is not null)
            state[SharedResults.ViewerKey] = viewer;
        var request = new OperationRequest
        {
            Document = document,
            Variables = variables is null ? null : System.Text.Json.JsonSerializer.SerializeToElement(variables),
            ContextData = state,
        };
        var stream = Assert.IsType<ExecutionResult.ResponseStream>(await executor.ExecuteAsync(request, services, TestContext.Current.CancellationToken));
        return stream.Results.GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    internal sealed class Times
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Add() => Interlocked.Increment(ref _count);
    }

    internal sealed record Story(string Title);

    [ExtendObjectType<Story>]
    internal static class StoryFields
    {
        public static string Reader([Parent] Story story, [GlobalState] string reader, [Service] Times times)
        {
            times.Add();
            return reader;
        }
    }

    [QueryType]
    internal static class Queries
    {
        public static bool Here() => true;
    }

    [SubscriptionType]
    internal static class Subscriptions
    {
        [Subscribe]
        public static Story Told([EventMessage] Story story) => story;
    }
}
