using System.Diagnostics;

namespace Telemetry.Benchmarks;

/// <summary>How fast read models come back: after kill -9, after their file was deleted, and by <c>telemetry rebuild</c>.</summary>
internal static class RebuildBenchmark
{
    public static async Task RunAsync(int polls)
    {
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        var samples = polls * 10_000.0;
        try
        {
            var (server, _) = await ServerProcess.StartAsync(data);
            IngestBenchmark.Load(server.Url, "compact", 4, polls);
            await server.KillAsync();

            var (again, took) = await ServerProcess.StartAsync(data);
            Console.WriteLine($"{samples:N0} samples, ready after kill -9: {took.TotalSeconds:F2} s");
            await again.DisposeAsync();

            foreach (var file in Directory.EnumerateFiles(data, "read-model.db*"))
                File.Delete(file);
            var (fresh, whole) = await ServerProcess.StartAsync(data);
            Console.WriteLine($"ready without read models: {whole.TotalSeconds:F2} s, {samples / whole.TotalSeconds:N0} samples/s from start of the process, {samples / fresh.CpuSeconds:N0} per CPU-s");
            await fresh.DisposeAsync();

            var clock = Stopwatch.StartNew();
            using var rebuild = Process.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "telemetry.dll"), "rebuild", "samples", "--data", data]);
            await rebuild.WaitForExitAsync();
            Console.WriteLine($"telemetry rebuild samples: {clock.Elapsed.TotalSeconds:F2} s, {samples / clock.Elapsed.TotalSeconds:N0} samples/s, exit code {rebuild.ExitCode}");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
