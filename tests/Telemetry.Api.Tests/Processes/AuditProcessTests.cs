using System.Text.Json;
using Microsoft.Data.Sqlite;
using Telemetry.Benchmarks;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;

namespace Telemetry.Api.Tests.Processes;

/// <summary><c>telemetry audit</c> and <c>telemetry rate</c> on the recorded cloud, with the server and without.</summary>
public sealed class AuditProcessTests : IAsyncLifetime
{
    private const string Project = "ed34c2b88d86556aacb9ab8642e13147";
    private static readonly string Tariff = Repository.File("docs/tariff-example.yaml");

    private readonly TemporaryDirectory _data = new();
    private ServerProcess? _server;

    public async ValueTask InitializeAsync()
    {
        (_server, _) = await ServerProcess.StartAsync(_data.Path);
        await RunAsync(0, "load", TestData.Path("samples/polled.ndjson"), "--server", _server.Url.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task A_log_that_was_altered_is_found_by_its_position_and_the_exit_code_is_1()
    {
        var asked = await RunAsync(0, "audit", "verify", "--data", _data.Path, "--server", _server!.Url.ToString()); // of the server, which holds the directory
        using (var client = new HttpClient { BaseAddress = _server.Url })
            await client.GetStringAsync("/v2/audit/checkpoint", TestContext.Current.CancellationToken);
        await StopAsync();
        Assert.Contains("The log is sound.", asked, StringComparison.Ordinal);
        Assert.Contains("The log is sound.", await RunAsync(0, "audit", "verify", "--data", _data.Path, "--read-models", "full"), StringComparison.Ordinal);

        Execute("update events set recorded_at = recorded_at + 1 where position = 1");

        var found = await RunAsync(1, "audit", "verify", "--data", _data.Path, "--read-models", "none");
        Assert.Contains("Altered: ", found, StringComparison.Ordinal);
        Assert.Contains("position 1", found, StringComparison.Ordinal);
        Assert.Contains("The log is not sound", found, StringComparison.Ordinal);

        Execute("delete from events");
        Assert.Contains("RolledBack: ", await RunAsync(1, "audit", "verify", "--data", _data.Path, "--read-models", "none"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proof_is_checked_with_nothing_but_its_file_and_the_key_and_one_that_was_changed_ends_with_1()
    {
        using var client = new HttpClient { BaseAddress = _server!.Url };
        var (key, proof) = (_data.File("log.key"), _data.File("proof.json"));
        await File.WriteAllTextAsync(key, await client.GetStringAsync("/v2/audit/key", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        var sample = JsonElement.Parse(await client.GetStringAsync("/v2/samples?limit=1", TestContext.Current.CancellationToken))[0].GetProperty("id").GetString()!;
        await File.WriteAllTextAsync(proof, await RunAsync(0, "audit", "prove", sample, "--data", _data.Path, "--server", _server.Url.ToString()), TestContext.Current.CancellationToken);
        await StopAsync();

        Assert.Contains("proved: sample ", await RunAsync(0, "audit", "check", proof, "--key", key), StringComparison.Ordinal);
        Assert.Contains("There is no event or sample", await RunAsync(1, "audit", "prove", Guid.NewGuid().ToString(), "--data", _data.Path), StringComparison.Ordinal);
        var text = await File.ReadAllTextAsync(proof, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(proof, text.Replace("\"index\":0", "\"index\":1", StringComparison.Ordinal).Replace("\"index\": 0", "\"index\": 1", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Contains("not proved: ", await RunAsync(1, "audit", "check", proof, "--key", key), StringComparison.Ordinal);
        await RunAsync(2, "audit", "check", _data.File("none.json"), "--key", key);
    }

    [Fact]
    public async Task A_month_is_rated_again_to_the_same_bytes_as_of_a_time_against_another_tariff_and_in_every_format()
    {
        var dearer = _data.File("dearer.yaml");
        await File.WriteAllTextAsync(dearer, (await File.ReadAllTextAsync(Tariff, TestContext.Current.CancellationToken)).Replace("price: 0.0200", "price: 0.0300", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var url = _server!.Url.ToString();
        Task<string> RateAsync(params string[] more) => RunAsync(0, ["rate", "--project", Project, "--month", "2026-11", "--tariff", Tariff, "--data", _data.Path, "--server", url, .. more]);

        var served = await RateAsync("--format", "json"); // by the server
        var other = await RunAsync(0, "load", await OtherAsync(), "--server", _server!.Url.ToString());
        Assert.Contains("1 stored", other, StringComparison.Ordinal);
        await StopAsync();

        var json = JsonElement.Parse(served);
        Assert.Equal("0.0206", json.GetProperty("total").GetString());
        Assert.Equal(1, Checkpoint.Parse(SignedNote.Parse(json.GetProperty("checkpoint").GetString()!).Text).Size);
        Assert.Equal(served, await RateAsync("--format", "json")); // by the command itself, after more was stored
        Assert.Equal(served, await RateAsync("--format", "json"));
        Assert.Equal(await RateAsync("--format", "csv"), await RateAsync("--format", "csv"));
        Assert.StartsWith("rule,", await RateAsync("--format", "csv"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("0.0206", await RateAsync(), StringComparison.Ordinal);

        Assert.Equal("0.0206", JsonElement.Parse(await RateAsync("--format", "json", "--as-of", "1")).GetProperty("total").GetString());
        foreach (var before in new[] { "0", "2026-01-01T00:00:00" })
            Assert.Equal("0.0000", JsonElement.Parse(await RateAsync("--format", "json", "--as-of", before)).GetProperty("total").GetString());
        Assert.Equal("0.0100", JsonElement.Parse(await RateAsync("--format", "json", "--diff", dearer)).GetProperty("change").GetString());
        Assert.Contains("0.0100", await RateAsync("--diff", dearer), StringComparison.Ordinal);

        await RunAsync(2, "rate", "--project", Project, "--month", "2026-13", "--tariff", Tariff, "--data", _data.Path);
        await RunAsync(2, "rate", "--project", Project, "--month", "2026-11", "--tariff", TestData.Path("samples/polled.ndjson"), "--data", _data.Path);
    }

    private async Task<string> OtherAsync()
    {
        await File.WriteAllTextAsync(_data.File("other.json"), """[{"counter_name":"x","counter_type":"gauge","counter_unit":"u","counter_volume":1,"resource_id":"r","project_id":"other"}]""");
        return _data.File("other.json");
    }

    private async Task StopAsync()
    {
        if (_server is { } server)
            await server.DisposeAsync();
        _server = null;
    }

    /// <summary>What the command printed; it is to end with a code.</summary>
    private static async Task<string> RunAsync(int expected, params string[] arguments)
    {
        var (code, output, error) = await ServerProcess.RunAsync(arguments);
        Assert.True(code == expected, $"{string.Join(' ', arguments)} ended with {code}: {output}{error}");
        return expected == 0 ? output : output + error;
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = _data.File("events.db"), Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.NotEqual(0, command.ExecuteNonQuery());
    }
}
