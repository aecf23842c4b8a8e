using System.Diagnostics;

namespace Telemetry.Benchmarks;

/// <summary>How fast read models come back: after kill -9, after their file was deleted, and by <c>telemetry rebuild</c>.</summary>
internal static class RebuildBenchmark
{
    /// <param name="log">Null for SQLite; <c>postgres</c> for SQLite and PostgreSQL in turn.</param>
    /// <param name="store">The same, of log and read models.</param>
    public static async Task RunAsync(int polls, string? log = null, string? store = null)
    {
        foreach (var each in LogUnderTest.Kinds(store ?? log))
            await RunOneAsync(polls, each, store is not null);
    }

    private static async Task RunOneAsync(int polls, string log, bool models)
    {
        await using var stores = await LogUnderTest.CreateAsync(log, models);
        var data = stores.Data;
        var samples = polls * 10_000.0;
        var (server, _) = await ServerProcess.StartAsync(data, stores.Settings);
        IngestBenchmark.Load(server.Url, "compact", 4, polls);
        await server.KillAsync();

        var (again, took) = await ServerProcess.StartAsync(data, stores.Settings);
        Console.WriteLine($"{log}, {samples:N0} samples, ready after kill -9: {took.TotalSeconds:F2} s");
        await again.DisposeAsync();

        await stores.DropReadModelsAsync();
        var (fresh, whole) = await ServerProcess.StartAsync(data, stores.Settings);
        Console.WriteLine($"ready without read models: {whole.TotalSeconds:F2} s, {samples / whole.TotalSeconds:N0} samples/s from start of the process, {samples / fresh.CpuSeconds:N0} per CPU-s");
        await fresh.DisposeAsync();

        var clock = Stopwatch.StartNew();
        using var rebuild = Process.Start("dotnet", [ServerProcess.Program, "rebuild", "samples", "--data", data, .. stores.Options]);
        await rebuild.WaitForExitAsync();
        Console.WriteLine($"telemetry rebuild samples: {clock.Elapsed.TotalSeconds:F2} s, {samples / clock.Elapsed.TotalSeconds:N0} samples/s, exit code {rebuild.ExitCode}");
    }
}
