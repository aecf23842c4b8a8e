using System.Diagnostics;
using System.Text.RegularExpressions;
using Telemetry.Conformance;

namespace Telemetry.Agents.Tests.Alarms;

/// <summary>A real Prometheus out of Debian's package, which holds given series.</summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Process _process;

    private PrometheusServer(Process process) => _process = process;

    public string Url { get; private set; } = "";

    /// <summary>Starts one; skips the test where it cannot be had, fails it where <c>CI=true</c>.</summary>
    /// <param name="openMetrics">Lines of series, each with a value and its time in seconds.</param>
    public static async Task<PrometheusServer> StartAsync(params string[] openMetrics)
    {
        var (server, tool) = (DebianPackage.Program("prometheus", "prometheus"), DebianPackage.Program("promtool", "prometheus"));
        if (server is null || tool is null)
        {
            const string missing = "Debian's prometheus package is not installed and cannot be installed here.";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") != "true", missing);
            Assert.Fail(missing);
        }
        var prometheus = new PrometheusServer(new Process());
        var directory = prometheus._directory.Path;
        await File.WriteAllLinesAsync($"{directory}/series.txt", [.. openMetrics, "# EOF"]);
        await File.WriteAllTextAsync($"{directory}/prometheus.yml", "");
        using (var blocks = Process.Start(Started(tool, "tsdb", "create-blocks-from", "openmetrics", $"{directory}/series.txt", $"{directory}/data"))!)
        {
            await Task.WhenAll(blocks.StandardOutput.ReadToEndAsync(), blocks.StandardError.ReadToEndAsync(), blocks.WaitForExitAsync());
            Assert.Equal(0, blocks.ExitCode);
        }
        prometheus._process.StartInfo = Started(
            server, $"--config.file={directory}/prometheus.yml", $"--storage.tsdb.path={directory}/data", "--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:0");
        prometheus._process.Start();
        _ = prometheus._process.StandardOutput.ReadToEndAsync();
        var isReady = false; // said before or after the address
        while (await prometheus._process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (Address().Match(line) is { Success: true } address)
                prometheus.Url = $"http://{address.Groups[1].Value}";
            isReady |= line.Contains("ready to receive web requests", StringComparison.Ordinal);
            if (isReady && prometheus.Url.Length > 0)
                break;
        }
        Assert.NotEqual("", prometheus.Url);
        _ = prometheus._process.StandardError.ReadToEndAsync();
        return prometheus;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _directory.Dispose();
    }

    private static ProcessStartInfo Started(string program, params string[] arguments) =>
        new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };

    [GeneratedRegex(@"msg=""Listening on"" address=(\S+)")]
    private static partial Regex Address();
}
