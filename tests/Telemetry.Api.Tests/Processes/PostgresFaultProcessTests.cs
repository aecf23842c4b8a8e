using System.Diagnostics;
using System.Net;
using System.Text;
using Npgsql;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>The program with log and read models in PostgreSQL, which stands still, is full, has no connection left, or is a replica that lags.</summary>
public sealed class PostgresFaultProcessTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30); // longer than every limit, a lease among them

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_PostgreSQL_is_paused_for_30_s_posts_are_refused_with_Retry_After_and_then_all_goes_on()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await using var database = await postgres.CreateDatabaseAsync();
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, Settings(database.ConnectionString));
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 0));
            var epoch = await EpochAsync();
            postgres.Pause();
            var refused = 0;
            try
            {
                for (var clock = Stopwatch.StartNew(); clock.Elapsed < Pause; refused++)
                {
                    using var answer = await PostOneAsync(client);
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                    Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
                    Assert.Equal(CrashTests.SamplesAPost, await CrashTests.CountAsync(client)); // what is in memory is answered
                    await Task.Delay(answer.Headers.RetryAfter!.Delta!.Value, Ct); // as a client does
                }
            }
            finally
            {
                postgres.Resume();
            }
            Assert.True(refused >= 10);

            await AgainAsync(client, 1);
            Assert.Equal(2 * CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
            var head = await database.ScalarAsync<long>("select max(seq_id) from event_log.events");
            // Stored again, under a lease that was taken again.
            await Poll.UntilAsync(async () => await database.ScalarAsync<long>(ServerGroup.Stored) >= head);
            Assert.True(await EpochAsync() > epoch);
        }

        Task<long> EpochAsync() => database.ScalarAsync<long>("select epoch from read_models.lease where share = 'samples-00'");
    }

    [Fact]
    public async Task Without_a_connection_left_queries_are_refused_with_Retry_After_and_samples_are_still_taken()
    {
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        using var data = new TemporaryDirectory();
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = 2, Timeout = 3, CommandTimeout = 30 };
        var settings = Settings(connection.ToString());
        var (server, _) = await ServerProcess.StartAsync(data.Path, settings);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            client.DefaultRequestHeaders.Add("X-Roles", "admin");
            client.DefaultRequestHeaders.Add("X-User-Id", "u");
            client.DefaultRequestHeaders.Add("X-Project-Id", "p");
            using (var posted = await client.PostAsync("/v2/events", new StringContent(
                """[{"message_id": "e", "event_type": "t", "generated": "2026-11-20T10:00:00", "traits": [{"name": "project_id", "type": "string", "value": "p"}]}]""", Encoding.UTF8, "application/json"), Ct))
                Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
            Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 0));
            var tables = await database.ScalarAsync<string>("select string_agg(oid::regclass::text, ', ') from pg_class where relnamespace = 'read_models'::regnamespace and relkind in ('r', 'p') and relname like 'event\\_%'");
            var waiting = new List<Task<HttpResponseMessage>>();
            await using (var holder = await database.Source.OpenConnectionAsync(Ct))
            {
                await using var transaction = await holder.BeginTransactionAsync(Ct);
                await using var hold = new NpgsqlCommand($"lock table {tables} in access exclusive mode", holder);
                await hold.ExecuteNonQueryAsync(Ct);
                for (var i = 0; i < 8; i++)
                    waiting.Add(client.GetAsync("/v2/events", Ct));
                for (var refused = 0; refused < 4; refused++)
                {
                    using var answer = await await Task.WhenAny(waiting);
                    waiting.RemoveAll(w => w.IsCompleted && w.Result == answer);
                    Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                    Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
                }
                Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, 1));
            }
            foreach (var each in waiting)
                (await each).Dispose();
            var status = HttpStatusCode.ServiceUnavailable;
            await Poll.UntilAsync(async () =>
            {
                using var answer = await client.GetAsync("/v2/events", Ct);
                return (status = answer.StatusCode) != HttpStatusCode.ServiceUnavailable;
            });
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(2 * CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
        }
    }

    [Fact]
    public async Task A_full_disk_of_PostgreSQLs_answers_507_loses_nothing_acknowledged_and_recovers()
    {
        using var disk = SmallDisk.TryMount(48 << 20);
        if (disk is null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", "A small file system could not be mounted.");
            Assert.Skip("Mounting a small file system takes root.");
        }
        await using var postgres = await PostgresServer.StartAsync();
        await postgres.CreateTablespaceAsync("small", disk.Path);
        await using var database = await postgres.CreateDatabaseAsync("small");
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, Settings(database.ConnectionString));
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            var (acknowledged, status) = (0, HttpStatusCode.NoContent);
            var filler = Path.Combine(disk.Path, "filler");
            for (var post = 0; (status = await FullDiskTests.PostAsync(client, post)) == HttpStatusCode.NoContent; post++)
            {
                acknowledged++;
                if (post == 10)
                    disk.Fill(filler);
                Assert.True(post < 5_000, "The disk does not get full.");
            }
            Assert.Equal(HttpStatusCode.InsufficientStorage, status);
            Assert.Equal(acknowledged * 100, await FullDiskTests.CountAsync(client)); // reads go on

            File.Delete(filler);
            Assert.Equal(HttpStatusCode.NoContent, await FullDiskTests.PostAsync(client, 50_000));
            Assert.Equal(++acknowledged * 100, await FullDiskTests.CountAsync(client));
            await server.KillAsync();
        }
        var (again, _) = await ServerProcess.StartAsync(data.Path, Settings(database.ConnectionString));
        await using (again)
        {
            using var client = new HttpClient { BaseAddress = again.Url };
            Assert.True(await FullDiskTests.CountAsync(client) > 1_000);
        }
    }

    [Fact]
    public async Task A_replica_that_lags_behind_is_not_read_though_it_is_named_first()
    {
        await using var primary = await PostgresServer.StartAsync();
        await using var database = await primary.CreateDatabaseAsync();
        await using var standby = await primary.StartStandbyAsync("recovery_min_apply_delay=1h");
        using var data = new TemporaryDirectory();
        var both = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = $"{standby.Directory},{primary.Directory}" };
        for (var start = 1; start <= 2; start++)
        {
            var (server, _) = await ServerProcess.StartAsync(data.Path, Settings(both.ToString()));
            await using (server)
            {
                using var client = new HttpClient { BaseAddress = server.Url };
                Assert.Equal(HttpStatusCode.NoContent, await CrashTests.PostAsync(client, start));
                Assert.Equal(start * CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
                await server.KillAsync();
            }
        }
    }

    private static Dictionary<string, string> Settings(string connection) => new()
    {
        ["TELEMETRY__Log"] = "postgres",
        ["TELEMETRY__Store"] = "postgres",
        ["TELEMETRY__Postgres"] = connection,
        ["TELEMETRY__EventLog__TimeoutSeconds"] = "1",
        ["TELEMETRY__Projections__FlushAfterSeconds"] = "1",
    };

    private static Task<HttpResponseMessage> PostOneAsync(HttpClient client) => client.PostAsync("/v2/samples", new StringContent(
        """[{"counter_name":"other","counter_type":"gauge","counter_unit":"x","counter_volume":1,"resource_id":"r"}]""", Encoding.UTF8, "application/json"), Ct);

    /// <summary>As a client repeats what it was told to try again later.</summary>
    private static async Task AgainAsync(HttpClient client, int post)
    {
        var status = HttpStatusCode.ServiceUnavailable;
        await Poll.UntilAsync(async () => (status = await CrashTests.PostAsync(client, post)) != HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.NoContent, status);
    }
}
