using System.Net;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>A log of twenty posts in SQLite, copied by the program to another store, where a server gives the same answers.</summary>
internal static class CopiedLog
{
    /// <param name="to">As <c>telemetry copy --to</c> takes it.</param>
    /// <param name="settings">Of a server on that log.</param>
    public static async Task CheckAsync(string to, Dictionary<string, string> settings)
    {
        using var data = new TemporaryDirectory();
        using var other = new TemporaryDirectory();
        string[] questions = ["/v2/meters?limit=1000", "/v2/resources?limit=1000", "/v2/samples?limit=10000", "/v2/meters/crash/statistics?period=7&groupby=resource_id"];
        async Task<List<string>> AnswersAsync(ServerProcess server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            var answers = new List<string>();
            foreach (var question in questions)
                answers.Add((await client.GetStringAsync(question)).Replace(server.Url.Authority, "HOST", StringComparison.Ordinal));
            return answers;
        }

        var (sqlite, _) = await ServerProcess.StartAsync(data.Path);
        using (var client = new HttpClient { BaseAddress = sqlite.Url })
        {
            for (var post = 0; post < 20; post++)
                Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, post));
        }
        var before = await AnswersAsync(sqlite);
        Assert.Equal(0, await sqlite.StopAsync());

        var (code, output, error) = await ServerProcess.RunAsync("copy", "--from", $"sqlite:{data.Path}", "--to", to);
        Assert.True(code == 0, error);
        Assert.Contains("the same 20 events with 1000 samples, at the same positions", output, StringComparison.Ordinal);
        var (copied, _) = await ServerProcess.StartAsync(other.Path, settings);
        await using (copied)
            Assert.Equal(before, await AnswersAsync(copied));
    }
}
