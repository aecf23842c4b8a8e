using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>The program as its user sees it: commands, exit codes, signals.</summary>
public sealed class ProgramTests
{
    [Theory]
    [InlineData("--help", "serve")]
    [InlineData("serve --help", "--insecure")]
    [InlineData("load --help", "--server")]
    [InlineData("rebuild --help", "--data")]
    [InlineData("rate --help", "--tariff")]
    [InlineData("audit verify --help", "--data")]
    [InlineData("audit prove --help", "ID")]
    [InlineData("audit check --help", "--key")]
    [InlineData("keys new --help", "--project")]
    public async Task Every_command_explains_itself(string command, string expected)
    {
        var (code, output, _) = await ServerProcess.RunAsync(command.Split(' '));

        Assert.Equal(0, code);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_its_version() => Assert.StartsWith("0.1.0", (await ServerProcess.RunAsync("--version")).Output, StringComparison.Ordinal);

    [Theory]
    [InlineData("http://0.0.0.0:18999")]
    [InlineData("http://*:18999")]
    [InlineData("http://127.0.0.1:18999;http://192.0.2.1:18999")]
    public async Task Without_authentication_it_refuses_to_listen_beyond_loopback(string urls)
    {
        using var data = new TemporaryDirectory();

        var (code, _, error) = await ServerProcess.RunAsync("--urls", urls, "--data", data.Path);

        Assert.Equal(2, code);
        Assert.Contains("--insecure", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_names_the_first()
    {
        using var data = new TemporaryDirectory();
        var (first, _) = await ServerProcess.StartAsync(data.Path);
        await using (first)
        {
            var (code, _, error) = await ServerProcess.RunAsync("--urls", "http://127.0.0.1:0", "--data", data.Path);

            Assert.NotEqual(0, code);
            Assert.Contains(first.Process.Id.ToString(), error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_address_that_another_server_has_ends_the_start_with_that_reason_and_no_other()
    {
        using var taken = new TemporaryDirectory();
        using var data = new TemporaryDirectory();
        var (first, _) = await ServerProcess.StartAsync(taken.Path);
        await using (first)
        {
            var (code, output, error) = await ServerProcess.RunAsync("--urls", first.Url.ToString(), "--data", data.Path);

            Assert.Equal(2, code);
            Assert.Contains("address already in use", error, StringComparison.Ordinal);
            Assert.DoesNotContain("crit", output + error, StringComparison.Ordinal); // of what had started and lost its store
        }
    }

    [Fact]
    public async Task No_directory_for_data_ends_the_start_with_a_reason()
    {
        var (code, _, error) = await ServerProcess.RunAsync("--data", "");

        Assert.Equal((2, "telemetry: '' in --data is no directory.\n"), (code, error));
    }

    [Fact]
    public async Task SIGTERM_ends_it_in_five_seconds_with_code_0()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            var clock = Stopwatch.StartNew();

            Assert.Equal(0, await server.StopAsync());

            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"It took {clock.Elapsed}.");
        }
    }

    [Fact]
    public async Task A_file_without_a_name_is_refused_in_a_sentence()
    {
        var (code, _, error) = await ServerProcess.RunAsync("load", "");
        Assert.Equal(1, code);
        Assert.Contains("FILE is empty. Name a file of samples, or - for standard input.", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_polled_samples_load_once_however_often_they_are_sent()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            var file = TestData.Path("samples/polled.ndjson");
            using var client = new HttpClient { BaseAddress = server.Url };

            var (code, output, error) = await ServerProcess.RunAsync("load", file, "--server", server.Url.ToString());
            Assert.True(code == 0, error);
            Assert.Equal("50 samples read, 49 stored, 0 were there already, 1 dropped for lack of a volume.\n", output);
            Assert.Equal("50 samples read, 0 stored, 49 were there already, 1 dropped for lack of a volume.\n", (await ServerProcess.RunAsync("load", file, "--server", server.Url.ToString())).Output);

            // By hand from tests/data/samples/polled.ndjson: 8327680 and 8327168 bytes on two disks, images of 5000 and 1000 bytes.
            foreach (var (meter, count, sum, min, max) in new (string, int, double, double, double)[]
            {
                ("cpu", 1, 17_320_000_000, 17_320_000_000, 17_320_000_000), ("disk.device.read.bytes", 2, 16_654_848, 8_327_168, 8_327_680),
                ("image.size", 2, 6_000, 1_000, 5_000), ("memory.usage", 1, 21.2109375, 21.2109375, 21.2109375),
            })
            {
                using var statistics = JsonDocument.Parse(await client.GetStringAsync($"/v2/meters/{meter}/statistics"));
                var row = Assert.Single(statistics.RootElement.EnumerateArray());
                Assert.Equal(
                    (count, sum, min, max, sum / count),
                    (row.GetProperty("count").GetInt32(), row.GetProperty("sum").GetDouble(), row.GetProperty("min").GetDouble(), row.GetProperty("max").GetDouble(), row.GetProperty("avg").GetDouble()));
            }
        }
    }

    [Fact]
    public async Task A_load_says_at_once_that_there_is_no_server_and_goes_on_when_there_is()
    {
        var url = $"http://127.0.0.1:{FreePort.Find()}/";
        using var load = ServerProcess.Start("load", TestData.Path("samples/polled.ndjson"), "--server", url);

        Assert.StartsWith($"No answer from {url}: Connection refused", await load.StandardError.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await using var server = await Webhook.StartAsync(address: url);

        await load.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (load.ExitCode, await load.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)));
        Assert.Equal("/v2/samples", Assert.Single(server.Received).Path);
    }

    [Fact]
    public async Task Keys_are_made_and_revoked_on_the_command_line_and_what_is_loaded_is_signed()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, new Dictionary<string, string> { ["TELEMETRY__Ingest__Signatures__Required__0"] = "rest" });
        await using (server)
        {
            var (polled, other, pem, url) = (TestData.Path("samples/polled.ndjson"), data.File("other.json"), data.File("key.pem"), server.Url.ToString());
            await File.WriteAllTextAsync(other, """[{"counter_name":"x","counter_type":"gauge","counter_unit":"u","counter_volume":1,"resource_id":"r"}]""");
            async Task<string> RunAsync(int expected, params string[] arguments)
            {
                var (code, output, error) = await ServerProcess.RunAsync([.. arguments, "--server", url]);
                Assert.True(code == expected, $"{code}: {output}{error}");
                return output + error;
            }

            Assert.Contains("Key agent-1 is registered", await RunAsync(0, "keys", "new", pem, "--id", "agent-1", "--description", "of a test"), StringComparison.Ordinal);
            await RunAsync(2, "keys", "new", pem); // the file is there
            Assert.Contains("must be signed", await RunAsync(1, "load", polled), StringComparison.Ordinal);
            Assert.Contains("49 stored", await RunAsync(0, "load", polled, "--key", pem, "--key-id", "agent-1"), StringComparison.Ordinal);
            Assert.Contains("not registered", await RunAsync(1, "load", other, "--key", pem), StringComparison.Ordinal); // by another id
            await RunAsync(2, "load", other, "--key", polled);
            Assert.Contains("agent-1", await RunAsync(0, "keys", "list"), StringComparison.Ordinal);
            Assert.Contains("49 were there already", await RunAsync(0, "load", polled, "--key", pem, "--key-id", "agent-1"), StringComparison.Ordinal);
            await RunAsync(0, "keys", "revoke", "agent-1");
            Assert.Contains("'agent-1' is revoked", await RunAsync(1, "load", polled, "--key", pem, "--key-id", "agent-1"), StringComparison.Ordinal); // signed anew
            Assert.Contains("'agent-1' is revoked", await RunAsync(1, "load", other, "--key", pem, "--key-id", "agent-1"), StringComparison.Ordinal);
            Assert.Contains("revoked", await RunAsync(0, "keys", "list"), StringComparison.Ordinal);
        }

        var (verified, report, _) = await ServerProcess.RunAsync("audit", "verify", "--data", data.Path);
        Assert.Equal(0, verified);
        Assert.Contains("1 signatures verified", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_refused_says_which_sample_and_why()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            await File.WriteAllTextAsync(data.File("bad.json"), """[{"counter_name":"x"}]""");

            var (code, _, error) = await ServerProcess.RunAsync("load", data.File("bad.json"), "--server", server.Url.ToString());

            Assert.Equal(1, code);
            Assert.Contains("counter_type", error, StringComparison.Ordinal);
            Assert.Contains("Mandatory field missing", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_running_server_tells_how_it_is()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            await ServerProcess.RunAsync("load", TestData.Path("samples/polled.ndjson"), "--server", server.Url.ToString());

            Assert.Equal("live\n", await client.GetStringAsync("/healthz/live"));
            Assert.Equal("ready\n", await client.GetStringAsync("/healthz/ready"));
            using var check = await client.GetAsync("/healthcheck");
            Assert.Equal(HttpStatusCode.OK, check.StatusCode);
            Assert.Empty(await check.Content.ReadAsStringAsync());
            var metrics = await client.GetStringAsync("/metrics");
            foreach (var line in new[] { "telemetry_ingest_samples_", "telemetry_projection_lag", "http_server_request_duration_seconds_bucket" })
                Assert.Contains(line, metrics, StringComparison.Ordinal);
        }
    }

    // In the whole program, as routes with constraints and of several segments (ratings, tiles) are in no host of the other tests.
    [Fact]
    public async Task The_OpenAPI_document_names_the_variables_of_each_path_and_no_argument_twice()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            using var document = JsonDocument.Parse(await client.GetStringAsync("/openapi/v2.json"));

            foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
            {
                foreach (var call in path.Value.EnumerateObject())
                {
                    var parameters = call.Value.TryGetProperty("parameters", out var list) ? list.EnumerateArray().ToList() : [];
                    var names = parameters.Select(p => $"{p.GetProperty("in")} {p.GetProperty("name")}").ToList();
                    Assert.Equal(names.Distinct(), names);
                    Assert.Equal(
                        path.Name.Split('/').Where(s => s.StartsWith('{')).Select(s => $"path {s.Trim('{', '}')}"),
                        names.Where(n => n.StartsWith("path ", StringComparison.Ordinal)));
                }
            }
        }
    }

    [Fact]
    public async Task Rebuilding_gives_the_same_answers_with_the_server_running_and_stopped()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            await ServerProcess.RunAsync("load", TestData.Path("samples/polled.ndjson"), "--server", server.Url.ToString());
            var before = await client.GetStringAsync("/v2/samples");

            var (code, _, error) = await ServerProcess.RunAsync("rebuild", "--data", data.Path, "--server", server.Url.ToString());
            Assert.True(code == 0, error);
            Assert.Equal(before, await client.GetStringAsync("/v2/samples"));
            const string unknown = "telemetry: There is no projection 'x'. There are: samples, events, audit.\n";
            Assert.Equal((2, "", unknown), await ServerProcess.RunAsync("rebuild", "x", "--data", data.Path, "--server", server.Url.ToString()));
            await server.StopAsync();

            (code, _, error) = await ServerProcess.RunAsync("rebuild", "samples", "--data", data.Path);
            Assert.True(code == 0, error);
            Assert.Equal((2, "", unknown), await ServerProcess.RunAsync("rebuild", "x", "--data", data.Path));
            var (again, _) = await ServerProcess.StartAsync(data.Path);
            await using (again)
            {
                using var reader = new HttpClient { BaseAddress = again.Url };
                Assert.Equal(before, await reader.GetStringAsync("/v2/samples"));
            }
        }
    }
}
