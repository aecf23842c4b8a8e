using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Http.Ide;

namespace Telemetry.Api.Tests.GraphQL.Ide;

/// <summary>Both pages in a real browser that reaches nothing but the server.</summary>
public sealed class BrowserTests
{
    /// <summary>What a user reads. Editors write spaces that do not break.</summary>
    private const string Text = @"document.body.innerText.replace(/\u00a0/g, ' ')";

    private const string Editor = "document.querySelector('.monaco-editor textarea')";

    private static Task<TestHost> HostAsync() => TestHost.StartOnPortAsync(b => b.AddGraphQLIde().ModifyServerOptions(o => o.Tool.Title = "Bookshop"));

    private static string Button(string text) => $"[...document.querySelectorAll('button')].find(b => b.innerText.trim() === '{text}')";

    /// <summary>GraphiQL has read the document, a moment after it was written: its tab has the operation's name.</summary>
    private static string Tab(string name) => $"document.querySelector('.graphiql-tab-button').innerText.trim() === '{name}'";

    private static void RequireTheIde()
    {
        if (Directory.Exists(System.IO.Path.Combine(AppContext.BaseDirectory, "ide")))
            return;
        const string Problem = "The build had no npm: there are no pages to open.";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Problem);
        Assert.Skip(Problem);
    }

    [Fact(Timeout = 300_000)]
    public async Task Banana_Cake_Pop_runs_a_query_and_a_subscription_and_asks_nobody_else()
    {
        RequireTheIde();
        await using var host = await HostAsync();
        await using var browser = await Chromium.StartAsync();

        await browser.OpenAsync(host.Url);
        await browser.ClickAsync(Button("Create Document"));
        await browser.UntilAsync($"{Text}.includes('Schema available')");
        await browser.UntilAsync($"{Text}.includes('__typename')"); // the first document of the settings

        await WriteAsync(browser, "query Three { books(first: 3) { totalCount nodes { title author { name } } } }");
        await browser.UntilAsync($"{Text}.includes('Three: Query')");
        await browser.ClickAsync(Button("Run"));
        await browser.UntilAsync($"{Text}.includes('\"Book 3\"') && {Text}.includes('\"totalCount\": 20')");
        await browser.ScreenshotAsync("banana-cake-pop-query");

        await WriteAsync(browser, "subscription News { bookAdded { title pages } }");
        await browser.UntilAsync($"{Text}.includes('News: Subscription')");
        await browser.ClickAsync(Button("Run"));
        await SubscribedAsync(host, browser);
        await host.ExecuteAsync("mutation { addBook(input: {title: \"Fresh from the press\", pages: 321}) { errors { __typename } } }");
        await browser.UntilAsync($"{Text}.includes('\"Fresh from the press\"') && {Text}.includes('321')");
        await browser.ScreenshotAsync("banana-cake-pop-subscription");

        await AssertStayedAtHomeAsync(browser, host);
    }

    [Fact(Timeout = 300_000)]
    public async Task GraphiQL_runs_a_query_and_a_subscription_and_asks_nobody_else()
    {
        RequireTheIde();
        await using var host = await HostAsync();
        await using var browser = await Chromium.StartAsync();

        // Banana Cake Pop first: what it leaves behind in the browser must not take GraphiQL's place.
        await browser.OpenAsync(host.Url);
        await browser.UntilAsync($"{Text}.includes('Create')");
        await browser.OpenAsync($"{host.Url}/graphiql");
        await browser.UntilAsync($"document.title === 'Bookshop · GraphiQL' && {Text}.includes('__typename')");

        await WriteAsync(browser, "query Three { books(first: 3) { totalCount nodes { title author { name } } } }");
        await browser.UntilAsync(Tab("Three"));
        await browser.ClickAsync("document.querySelector('.graphiql-execute-button')");
        await browser.UntilAsync($"{Text}.includes('\"Book 3\"') && {Text}.includes('\"totalCount\": 20')");
        await browser.ClickAsync("document.querySelector('.graphiql-sidebar button')");
        await browser.UntilAsync($"{Text}.includes('All Schema Types') && {Text}.includes('BooksConnection')");
        await browser.ScreenshotAsync("graphiql-query");

        await WriteAsync(browser, "subscription News { bookAdded { title pages } }");
        await browser.UntilAsync(Tab("News"));
        await browser.ClickAsync("document.querySelector('.graphiql-execute-button')");
        await SubscribedAsync(host, browser);
        await host.ExecuteAsync("mutation { addBook(input: {title: \"Fresh from the press\", pages: 321}) { errors { __typename } } }");
        await browser.UntilAsync($"{Text}.includes('\"Fresh from the press\"') && {Text}.includes('321')");
        await browser.ScreenshotAsync("graphiql-subscription");

        await AssertStayedAtHomeAsync(browser, host);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_build_without_npm_shows_what_is_missing_and_how_to_get_it()
    {
        await using var host = await TestHost.StartOnPortAsync(b => b.AddGraphQLIde("nowhere"));
        await using var browser = await Chromium.StartAsync();

        await browser.OpenAsync(host.Url);
        await browser.UntilAsync($"{Text}.includes('Install Node.js 18 or later with npm') && {Text}.includes('{host.Url}')");
        await browser.ScreenshotAsync("missing");

        Assert.Empty(browser.Escapes);
        Assert.DoesNotContain(browser.Refusals, r => !r.Contains("favicon", StringComparison.Ordinal));
    }

    private static async Task WriteAsync(Chromium browser, string document)
    {
        await browser.EvaluateAsync($"{Editor}.focus()");
        await browser.TypeOverAsync(document);
    }

    private static async Task SubscribedAsync(TestHost host, Chromium browser)
    {
        var topics = host.Services.GetRequiredService<InMemoryTopics>();
        using var often = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var i = 0; topics.Count == 0; i++)
        {
            await often.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            if (i > 3_000)
                Assert.Fail($"Nobody subscribed; see {await browser.ScreenshotAsync("failed")}.");
        }
    }

    private static async Task AssertStayedAtHomeAsync(Chromium browser, TestHost host)
    {
        var server = new Uri(host.Url).Authority;
        Assert.Contains(browser.Requests, r => r.StartsWith("ws:", StringComparison.Ordinal));
        Assert.All(browser.Requests, r => Assert.True(r.StartsWith("blob:", StringComparison.Ordinal) || new Uri(r).Authority == server, r));
        Assert.DoesNotContain(browser.Refusals, r => !r.Contains("service-worker.js", StringComparison.Ordinal));
        Assert.Empty(browser.Escapes);

        // And it would have been seen: a page that does ask somebody else.
        await browser.OpenAsync("about:blank");
        await browser.EvaluateAsync("fetch('http://elsewhere.example/').catch(() => 0)");
        Assert.Contains(browser.Escapes, e => e.Contains("elsewhere.example", StringComparison.Ordinal));
    }
}
