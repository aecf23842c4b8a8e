using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>The process is killed, its read models are deleted, its log is kept: what was acknowledged is there, once.</summary>
public sealed class CrashTests
{
    private const int Rounds = 20;
    internal const int SamplesAPost = 50;

    [Fact]
    public Task Killing_the_process_during_ingest_loses_nothing_acknowledged_and_doubles_nothing() => KillProcessAsync(Rounds);

    /// <param name="settings">Of the program, null for files alone.</param>
    internal static async Task KillProcessAsync(int rounds, IReadOnlyDictionary<string, string>? settings = null)
    {
        using var data = new TemporaryDirectory();
        var random = new Random(11);
        var sent = 0;
        List<int> open = []; // the posts that broke off
        var (server, _) = await ServerProcess.StartAsync(data.Path, settings);
        for (var round = 0; round < rounds; round++)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            // What broke off in the round before is sent again under the same key: it counts once, stored before or not.
            foreach (var post in open)
                Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, post));
            Assert.Equal(sent * SamplesAPost, await CountAsync(client));

            using var clients = new PostingClients(server, sent, async post =>
            {
                Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, post));
                return true;
            });
            // Somewhere in the middle of the work, not after a time: the machine may be slow.
            await clients.AcknowledgedAsync(random.Next(5, 60));
            await server.KillAsync();
            await clients.CutOffAsync();
            await server.DisposeAsync();

            (server, _) = await ServerProcess.StartAsync(data.Path, settings);
            using var reader = new HttpClient { BaseAddress = server.Url };
            await clients.CheckAsync(reader);
            sent += clients.Posts.Count;
            open = [.. clients.Posts.Where(p => !p.Value).Select(p => p.Key)];
        }
        await server.KillAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Deleting_the_read_models_gives_the_same_answers_after_the_next_start()
    {
        using var data = new TemporaryDirectory();
        string[] questions =
        [
            "/v2/meters?limit=1000", "/v2/resources?limit=1000", "/v2/samples?limit=10000", "/v2/meters/crash/statistics?groupby=resource_id",
            "/v2/meters/crash/statistics?period=7&aggregate.func=stddev&aggregate.func=p95",
        ];
        async Task<string> AnswersAsync(ServerProcess server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            var answers = new StringBuilder();
            foreach (var question in questions)
                answers.AppendLine((await client.GetStringAsync(question)).Replace(server.Url.Authority, "HOST", StringComparison.Ordinal));
            return answers.ToString();
        }

        var (first, _) = await ServerProcess.StartAsync(data.Path);
        using (var client = new HttpClient { BaseAddress = first.Url })
        {
            for (var post = 0; post < 20; post++)
                Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, post));
        }
        var before = await AnswersAsync(first);
        Assert.Equal(0, await first.StopAsync());
        var files = Directory.GetFiles(data.Path, "read-model.db*");
        Assert.NotEmpty(files);
        foreach (var file in files)
            File.Delete(file);

        var (second, _) = await ServerProcess.StartAsync(data.Path);
        await using (second)
            Assert.Equal(before, await AnswersAsync(second));
    }

    [Fact]
    public async Task The_commands_of_the_documentation_make_a_backup_of_files_in_mid_ingest_that_can_be_restored()
    {
        Assert.SkipWhen(
            DebianPackage.Program("sqlite3", "sqlite3") is null && Environment.GetEnvironmentVariable("CI") != "true", "sqlite3 is not installed, and installing it (Debian: sqlite3) takes root.");
        using var data = new TemporaryDirectory();
        using var backup = new TemporaryDirectory();
        using var restored = new TemporaryDirectory();
        var commands = File.ReadAllLines(Repository.File("docs/operations.md")).Where(l => l.StartsWith("sqlite3 ", StringComparison.Ordinal) || l.StartsWith("cp ", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, commands.Count);
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        var sent = 0;
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            for (; sent < 20; sent++)
                Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, sent));
            await client.GetStringAsync("/v2/audit/checkpoint");
            using var stop = new CancellationTokenSource();
            var sending = Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                    Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, sent++));
            });
            foreach (var command in commands.SkipLast(1))
                await RunAsync(command, data.Path);
            await stop.CancelAsync();
            await sending;
        }
        await RunAsync(commands[^1], restored.Path);

        var (again, _) = await ServerProcess.StartAsync(restored.Path);
        await using (again)
        {
            using var client = new HttpClient { BaseAddress = again.Url };
            var stored = await StoredAsync(client, Enumerable.Range(0, sent));
            Assert.All(stored, p => Assert.True(p.Value == SamplesAPost || (p.Value == 0 && p.Key >= 20), $"post {p.Key}: {p.Value} samples"));
        }
        var (code, output, error) = await ServerProcess.RunAsync("audit", "verify", "--data", restored.Path);
        Assert.True(code == 0, output + error);
        Assert.Contains("The log is sound.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\n0 checkpoints", output, StringComparison.Ordinal);

        async Task RunAsync(string command, string directory)
        {
            var line = command.Replace("/backup", backup.Path, StringComparison.Ordinal).Replace(" data", $" {directory}", StringComparison.Ordinal);
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", line]) { RedirectStandardError = true })!;
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, $"{line}: {error}");
        }
    }

    internal static async Task<HttpStatusCode> PostAsync(HttpClient client, int post)
    {
        using var request = Request(post);
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>A POST of so many samples on a resource of its own, under a key of its own.</summary>
    internal static HttpRequestMessage Request(int post)
    {
        var samples = Enumerable.Range(0, SamplesAPost).Select(i =>
            $$$"""{"counter_name":"crash","counter_type":"gauge","counter_unit":"x","counter_volume":{{{i}}},"resource_id":"post-{{{post}}}","project_id":"p{{{i % 3}}}","timestamp":"2026-01-01T00:{{{post / 60 % 60:00}}}:{{{post % 60:00}}}"}""");
        var request = new HttpRequestMessage(HttpMethod.Post, "/v2/samples") { Content = new StringContent($"[{string.Join(',', samples)}]") };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Prefer", "return=minimal");
        request.Headers.Add("Idempotency-Key", $"post-{post}");
        return request;
    }

    internal static async Task<long> CountAsync(HttpClient client) =>
        (await StatisticsAsync(client, "/v2/meters/crash/statistics")).Sum(row => row.GetProperty("count").GetInt64());

    internal static async Task<Dictionary<int, long>> StoredAsync(HttpClient client, IEnumerable<int> posts)
    {
        var counts = (await StatisticsAsync(client, "/v2/meters/crash/statistics?groupby=resource_id")).ToDictionary(
            row => row.GetProperty("groupby").GetProperty("resource_id").GetString()!, row => row.GetProperty("count").GetInt64());
        return posts.ToDictionary(p => p, p => counts.GetValueOrDefault($"post-{p}"));
    }

    private static async Task<List<JsonElement>> StatisticsAsync(HttpClient client, string path) =>
        JsonDocument.Parse(await client.GetStringAsync(path)).RootElement.EnumerateArray().ToList();
}
