using System.Text.RegularExpressions;
using Telemetry.Api.Tests.Support;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>What README shows is what the program answers.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task The_quick_start_answers_as_README_shows_and_the_questions_of_the_guide_after_it()
    {
        var readme = await File.ReadAllTextAsync(Repository.File("README.md"));
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            var loads = LoadPattern().Matches(readme);
            var questions = CurlPattern().Matches(readme);
            Assert.NotEmpty(loads);
            Assert.NotEmpty(questions);

            foreach (Match load in loads)
            {
                var (_, output, _) = await ServerProcess.RunAsync("load", Repository.File(load.Groups[1].Value), "--server", server.Url.ToString());
                Assert.Equal(load.Groups[2].Value, output.TrimEnd());
            }
            foreach (Match question in questions)
                Assert.Equal(question.Groups[2].Value, await client.GetStringAsync(question.Groups[1].Value));

            var guide = await File.ReadAllTextAsync(Repository.File("docs/guide.md"));
            var asked = GuidePattern().Matches(guide[guide.IndexOf("## Asking", StringComparison.Ordinal)..]);
            Assert.Equal(4, asked.Count);
            foreach (Match question in asked)
            {
                var body = question.Groups[2].Success ? question.Groups[2].Value : null;
                var answer = await Answer.OfAsync(client, body is null ? "GET" : "POST", question.Groups[1].Value, body);
                Assert.Equal(200, answer.Status);
                Assert.NotEqual(0, answer.Json.GetArrayLength());
            }
        }
    }

    [Fact]
    public async Task Rating_and_proof_answer_as_README_shows()
    {
        var readme = await File.ReadAllTextAsync(Repository.File("README.md"));
        readme = readme[readme.IndexOf("## Rate it, prove it", StringComparison.Ordinal)..];
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            await ServerProcess.RunAsync("load", Repository.File("tests/data/samples/polled.ndjson"), "--server", server.Url.ToString());
            using var client = new HttpClient { BaseAddress = server.Url };
            await File.WriteAllTextAsync(data.File("log.key"), await client.GetStringAsync("/v2/audit/key"));
        }
        var commands = CommandPattern().Matches(readme).ToDictionary(m => m.Groups[1].Value, m => (Arguments: m.Groups[2].Value.Split(' '), Shown: m.Groups[3].Value));

        var rated = await ServerProcess.RunAsync(["rate", .. commands["rate"].Arguments.Select(a => a.StartsWith("docs/", StringComparison.Ordinal) ? Repository.File(a) : a), "--data", data.Path]);
        Assert.Equal(commands["rate"].Shown, string.Join('\n', rated.Output.Split('\n').Select(l => l.TrimEnd())));

        var proof = data.File("proof.json");
        await File.WriteAllTextAsync(proof, (await ServerProcess.RunAsync("audit", "prove", commands["audit prove"].Arguments[0], "--data", data.Path)).Output);
        var proved = ProvedPattern().Match(readme).Value;
        Assert.Equal(0, (await ServerProcess.RunAsync("audit", "check", proof, "--key", data.File("log.key"))).Code);
        Assert.Equal(OriginPattern().Replace(proved, "ORIGIN"), OriginPattern().Replace(await PythonAsync(Repository.File("docs/verify_proof.py"), proof, "--key", data.File("log.key")), "ORIGIN"));
        Assert.Equal(
            RootPattern().Replace(commands["audit verify"].Shown, "ROOT"), RootPattern().Replace((await ServerProcess.RunAsync("audit", "verify", "--data", data.Path)).Output, "ROOT"));
    }

    private static async Task<string> PythonAsync(params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("python3", arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }

    [GeneratedRegex(@"^\$ telemetry (rate|audit prove|audit verify) ?(.*)\n((?:[^$`\n].*\n|\n)*)", RegexOptions.Multiline)]
    private static partial Regex CommandPattern();

    [GeneratedRegex(@"^proved: .*\n", RegexOptions.Multiline)]
    private static partial Regex ProvedPattern();

    [GeneratedRegex(@"telemetry/[0-9a-f]{16}")]
    private static partial Regex OriginPattern();

    [GeneratedRegex(@"root \S{44}")]
    private static partial Regex RootPattern();

    [GeneratedRegex(@"^\$ telemetry load (\S+)\n(.+)$", RegexOptions.Multiline)]
    private static partial Regex LoadPattern();

    [GeneratedRegex(@"^\$ curl -s 'http://127\.0\.0\.1:8777([^']+)'\n(.+)$", RegexOptions.Multiline)]
    private static partial Regex CurlPattern();

    [GeneratedRegex(@"^curl (?:-X POST )?'?http://127\.0\.0\.1:8777([^'\s]+)'?(?: -H 'Content-Type: application/json' -d '([^']+)')?$", RegexOptions.Multiline)]
    private static partial Regex GuidePattern();
}
