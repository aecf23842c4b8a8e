using System.Diagnostics;

namespace Telemetry.Ingest.Tests.Notifications;

/// <summary>The definition files of Debian's python3-ceilometer: the installed ones, else out of the package, downloaded once.</summary>
/// <remarks>Without either the tests are skipped and say so; where CI=true they fail.</remarks>
public sealed class CeilometerPackage
{
    private const string Files = "usr/lib/python3/dist-packages/ceilometer";

    private readonly string? _folder;
    private readonly string _reason = "";

    public CeilometerPackage()
    {
        try
        {
            _folder = Folders().FirstOrDefault(IsComplete) ?? Download();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            _reason = e.Message;
        }
    }

    public string Meters => Text("data/meters.d/meters.yaml");

    public string Events => Text("pipeline/data/event_definitions.yaml");

    private static string Cache => Path.Combine(Path.GetTempPath(), "telemetry-tests", "python3-ceilometer");

    private static string[] Folders() => [Path.Combine("/", Files), Path.Combine(Cache, Files)];

    private static bool IsComplete(string folder) =>
        File.Exists(Path.Combine(folder, "data/meters.d/meters.yaml")) && File.Exists(Path.Combine(folder, "pipeline/data/event_definitions.yaml"));

    private string Text(string file)
    {
        if (_folder is null && Environment.GetEnvironmentVariable("CI") != "true")
            Assert.Skip($"Debian's package python3-ceilometer is neither installed nor can it be downloaded: {_reason}");
        Assert.True(_folder is not null, _reason);
        return File.ReadAllText(Path.Combine(_folder!, file));
    }

    private static string Download()
    {
        Directory.CreateDirectory(Cache);
        if (!Run("apt-get", "download", "python3-ceilometer"))
        {
            Run("apt-get", "update");
            if (!Run("apt-get", "download", "python3-ceilometer"))
                throw new InvalidOperationException("'apt-get download python3-ceilometer' failed.");
        }
        if (!Run("dpkg", "-x", Directory.GetFiles(Cache, "python3-ceilometer_*.deb")[0], Cache))
            throw new InvalidOperationException("'dpkg -x' failed.");
        return Folders()[1];
    }

    private static bool Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Cache, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (process.WaitForExit(TimeSpan.FromMinutes(2)))
            return process.ExitCode == 0;
        process.Kill();
        return false;
    }
}
