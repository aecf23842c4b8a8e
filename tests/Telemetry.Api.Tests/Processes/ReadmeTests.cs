using System.Text.RegularExpressions;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>What README shows is what the program answers.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task The_quick_start_answers_as_README_shows()
    {
        var root = Path.GetFullPath(TestData.Path("../.."));
        var readme = await File.ReadAllTextAsync(Path.Combine(root, "README.md"));
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
                var (_, output, _) = await ServerProcess.RunAsync("load", Path.Combine(root, load.Groups[1].Value), "--server", server.Url.ToString());
                Assert.Equal(load.Groups[2].Value, output.TrimEnd());
            }
            foreach (Match question in questions)
                Assert.Equal(question.Groups[2].Value, await client.GetStringAsync(question.Groups[1].Value));
        }
    }

    [GeneratedRegex(@"^\$ dotnet run .* load (\S+)\n(.+)$", RegexOptions.Multiline)]
    private static partial Regex LoadPattern();

    [GeneratedRegex(@"^\$ curl -s 'http://127\.0\.0\.1:8777([^']+)'\n(.+)$", RegexOptions.Multiline)]
    private static partial Regex CurlPattern();
}
