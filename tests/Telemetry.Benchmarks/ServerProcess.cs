using System.Diagnostics;
using System.Globalization;

namespace Telemetry.Benchmarks;

/// <summary>The program itself, on a data directory of its own, and what the kernel counts of it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "telemetry.dll");

    private ServerProcess(Process process, string data, Uri url) => (Process, Data, Url) = (process, data, url);

    public Process Process { get; }
    public string Data { get; }
    public Uri Url { get; }

    /// <summary>User and system time so far, in seconds (proc(5), stat, fields 14 and 15).</summary>
    public double CpuSeconds
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{Process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
        }
    }

    /// <summary>The most memory that was resident at any time, in megabytes.</summary>
    public double PeakMegabytes => double.Parse(
        File.ReadLines($"/proc/{Process.Id}/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    /// <summary>Starts the server and waits until it is ready; says how long that took.</summary>
    public static async Task<(ServerProcess Server, TimeSpan Took)> StartAsync(string data, int port = 18877)
    {
        var url = new Uri($"http://127.0.0.1:{port}");
        var clock = Stopwatch.StartNew();
        var process = Process.Start(new ProcessStartInfo("dotnet", [Program, "serve", "--urls", url.ToString(), "--data", data])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["Logging__LogLevel__Default"] = "Warning" },
        })!;
        process.OutputDataReceived += (_, e) => Console.Error.WriteLine(e.Data);
        process.ErrorDataReceived += (_, e) => Console.Error.WriteLine(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var client = new HttpClient { BaseAddress = url };
        while (true)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"The server ended with code {process.ExitCode}.");
            try
            {
                using var answer = await client.GetAsync("/healthz/ready");
                if (answer.IsSuccessStatusCode)
                    return (new(process, data, url), clock.Elapsed);
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(20);
        }
    }

    /// <summary>Ends it as a power cut would, as far as the process is concerned.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
        {
            using var stop = Process.Start("kill", ["-TERM", Process.Id.ToString(CultureInfo.InvariantCulture)]);
            await Process.WaitForExitAsync();
        }
        Process.Dispose();
    }
}
