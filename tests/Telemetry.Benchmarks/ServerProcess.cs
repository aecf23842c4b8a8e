using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Telemetry.Conformance;

namespace Telemetry.Benchmarks;

/// <summary>The program itself, as a process on a data directory, and what the kernel counts of it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "telemetry.dll");

    private readonly ConcurrentQueue<string> _output = new();

    private ServerProcess(Process process, Uri url)
    {
        (Process, Url) = (process, url);
        process.OutputDataReceived += (_, e) => _output.Enqueue(e.Data ?? "");
        process.ErrorDataReceived += (_, e) => _output.Enqueue(e.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Process Process { get; }
    public Uri Url { get; }

    /// <summary>What it printed so far.</summary>
    public string Output => string.Join('\n', _output);

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
    public double PeakMegabytes => Megabytes("VmHWM");

    /// <summary>The memory that is resident now, in megabytes.</summary>
    public double ResidentMegabytes => Megabytes("VmRSS");

    /// <summary>Of the resident memory what files are mapped into, programs among them, in megabytes.</summary>
    public double FileMegabytes => Megabytes("RssFile");

    /// <summary>Starts the server on a free port and waits until it is ready; says how long that took.</summary>
    public static async Task<(ServerProcess Server, TimeSpan Took)> StartAsync(string data, IReadOnlyDictionary<string, string>? settings = null)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        var clock = Stopwatch.StartNew();
        var start = new ProcessStartInfo("dotnet", [Program, "serve", "--urls", url.ToString(), "--data", data])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var server = new ServerProcess(Process.Start(start)!, url);
        using var client = new HttpClient { BaseAddress = url };
        while (clock.Elapsed < TimeSpan.FromMinutes(2))
        {
            if (server.Process.HasExited)
                throw new InvalidOperationException($"The server ended with code {server.Process.ExitCode}: {server.Output}");
            try
            {
                using var answer = await client.GetAsync("/healthz/ready");
                if (answer.IsSuccessStatusCode)
                    return (server, clock.Elapsed);
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            await Task.Delay(20);
        }
        await server.KillAsync();
        throw new TimeoutException($"The server did not get ready: {server.Output}");
    }

    /// <summary>Starts a command of the program.</summary>
    public static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>Runs a command of the program to its end.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Ends it as a power cut would, as far as the process is concerned.</summary>
    public async Task KillAsync()
    {
        Process.Kill();
        await Process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop (SIGTERM), and waits until it did.</summary>
    public async Task<int> StopAsync()
    {
        Signal("TERM");
        await Process.WaitForExitAsync();
        return Process.ExitCode;
    }

    /// <summary>Sends it a signal, such as <c>STOP</c>; nothing where it has ended.</summary>
    public void Signal(string signal)
    {
        if (Process.HasExited)
            return;
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {Process.Id.ToString(CultureInfo.InvariantCulture)}"]); // not every Debian has a program of that name
        kill.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        if (!Process.HasExited)
            await StopAsync();
        Process.Dispose();
    }

    private double Megabytes(string line) => double.Parse(
        File.ReadLines($"/proc/{Process.Id}/status").First(l => l.StartsWith(line, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;
}
