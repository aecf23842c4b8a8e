using System.Net;
using System.Text;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>A disk that runs full under the program, and gets space again.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_full_disk_answers_507_loses_nothing_acknowledged_and_recovers()
    {
        using var disk = SmallDisk.TryMount(24 << 20);
        if (disk is null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", "A small file system could not be mounted.");
            Assert.Skip("Mounting a small file system takes root.");
        }
        var data = Path.Combine(disk.Path, "data");
        var (server, _) = await ServerProcess.StartAsync(data);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            var acknowledged = 0;
            HttpStatusCode status;
            var filler = Path.Combine(disk.Path, "filler");
            for (var post = 0; (status = await PostAsync(client, post)) == HttpStatusCode.NoContent; post++)
            {
                acknowledged++;
                if (post == 20)
                    disk.Fill(filler);
                Assert.True(post < 1_000, "The disk does not get full.");
            }
            Assert.Equal(HttpStatusCode.InsufficientStorage, status);
            Assert.Equal(acknowledged * 100, await CountAsync(client)); // reads go on

            File.Delete(filler);
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, 5_000));
            acknowledged++;
            Assert.Equal(acknowledged * 100, await CountAsync(client));
            await server.KillAsync();

            var (again, _) = await ServerProcess.StartAsync(data);
            await using (again)
            {
                using var reader = new HttpClient { BaseAddress = again.Url };
                Assert.Equal(acknowledged * 100, await CountAsync(reader));
            }
        }
    }

    internal static async Task<HttpStatusCode> PostAsync(HttpClient client, int post)
    {
        // Every value its own, so that the batch does not pack to nothing.
        var samples = Enumerable.Range(0, 100).Select(i =>
            $$$"""{"counter_name":"full","counter_type":"gauge","counter_unit":"x","counter_volume":{{{HashCode.Combine(post, i)}}},"resource_id":"r{{{i}}}","timestamp":"2026-01-01T00:00:00","resource_metadata":{"post":"{{{post}}}","text":"{{{new string('x', 200)}}}{{{i}}}"}}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/samples")
        {
            Content = new StringContent($"[{string.Join(',', samples)}]", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Prefer", "return=minimal");
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    internal static async Task<int> CountAsync(HttpClient client)
    {
        using var rows = JsonDocument.Parse(await client.GetStringAsync("/v2/meters/full/statistics"));
        return rows.RootElement[0].GetProperty("count").GetInt32();
    }
}
