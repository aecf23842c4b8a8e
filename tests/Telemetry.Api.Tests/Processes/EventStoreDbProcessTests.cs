using System.Net;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>The program with its log in EventStoreDB, or a stand-in for one.</summary>
public sealed class EventStoreDbProcessTests
{
    private const int Rounds = 10;

    private readonly Dictionary<string, string> _settings = new()
    {
        ["TELEMETRY__Log"] = EventStoreDbServer.ConnectionString,
        ["TELEMETRY__EventLog__Prefix"] = EventStoreDbServer.NewPrefix(),
    };

    public EventStoreDbProcessTests(ITestOutputHelper output) => output.WriteLine(EventStoreDbServer.Description);

    [Fact]
    public Task Killing_the_process_during_ingest_loses_nothing_acknowledged_and_doubles_nothing() => CrashTests.KillProcessAsync(Rounds, _settings);

    [Fact]
    public async Task While_the_server_is_down_posts_are_answered_503_and_then_taken_again()
    {
        await using var log = await EventStoreDbStandIn.StartAsync();
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, new Dictionary<string, string> { ["TELEMETRY__Log"] = log.ConnectionString, ["TELEMETRY__EventLog__TimeoutSeconds"] = "1" });
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 0));
            await log.StopAsync();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await CrashTests.PostAsync(client, 1));
            Assert.Equal(CrashTests.SamplesAPost, await CrashTests.CountAsync(client)); // the read models answer
            await log.StartAgainAsync();

            HttpStatusCode status;
            while ((status = await CrashTests.PostAsync(client, 1)) == HttpStatusCode.ServiceUnavailable)
                await Task.Delay(50, TestContext.Current.CancellationToken); // as a client does
            Assert.Equal(HttpStatusCode.NoContent, status);
            Assert.Equal(2 * CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
        }
    }

    [Fact]
    public async Task A_user_who_is_refused_ends_the_start_and_later_is_a_503_that_says_so()
    {
        await using var log = await EventStoreDbStandIn.StartAsync();
        log.Credentials = "metering:right";
        using var data = new TemporaryDirectory();
        var (code, _, error) = await ServerProcess.RunAsync("serve", "--urls", "http://127.0.0.1:0", "--data", data.Path, "--log", With("wrong"));
        Assert.Equal(2, code);
        Assert.Contains("cannot be opened: EventStoreDB refuses the user", error, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", error, StringComparison.Ordinal);

        var (server, _) = await ServerProcess.StartAsync(data.Path, new Dictionary<string, string> { ["TELEMETRY__Log"] = With("right") });
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 0));
            log.Credentials = "metering:other"; // a password that was changed while the program runs

            using (var request = CrashTests.Request(1))
            using (var refused = await client.SendAsync(request, TestContext.Current.CancellationToken))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
                Assert.NotNull(refused.Headers.RetryAfter);
                Assert.Contains("EventStoreDB refuses the user", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            }
            Assert.Equal(CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
            Assert.Contains("refuses the user", server.Output, StringComparison.Ordinal);

            log.Credentials = "metering:right";
            Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 1));
            Assert.Equal(2 * CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
        }

        string With(string password) => log.ConnectionString.Replace("://", $"://metering:{password}@", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_was_copied_there_gives_the_same_answers()
    {
        await using var log = await EventStoreDbStandIn.StartAsync();
        await CopiedLog.CheckAsync(log.ConnectionString, new() { ["TELEMETRY__Log"] = log.ConnectionString });
    }

    [Theory]
    [InlineData("esdb://127.0.0.1?tls=maybe", "tls is 'maybe'")]
    [InlineData("esdb://user:secret@127.0.0.1:1?tls=false&defaultDeadline=2000", "at 127.0.0.1:1 cannot be opened")]
    [InlineData("mongodb", "nor the address of an EventStoreDB")]
    public async Task A_log_that_is_none_stops_the_start_and_is_named(string log, string message)
    {
        using var data = new TemporaryDirectory();
        var (code, _, error) = await ServerProcess.RunAsync("serve", "--urls", "http://127.0.0.1:0", "--data", data.Path, "--log", log);

        Assert.Equal(2, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }
}
