using System.ComponentModel;
using System.Diagnostics;

namespace Telemetry.Conformance;

/// <summary>Programs out of Debian's packages that tests run for real; installed where they are missing and the account may.</summary>
public static class DebianPackage
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);
    private static readonly Lock Installing = new();

    /// <summary>The program's path, null where it is not there and cannot be installed.</summary>
    public static string? Program(string name, string package) => Installed(() => Find(name), package);

    /// <summary>Whether a file that a package brings is there; the package is installed where it is not and the account may.</summary>
    public static bool HasFile(string path, string package) => Installed(() => File.Exists(path) ? path : null, package) is not null;

    private static string? Installed(Func<string?> find, string package)
    {
        lock (Installing)
        {
            if (!Environment.IsPrivilegedProcess)
                return find();
            using var alone = Alone();
            if (find() is { } found)
                return found;
            if (!Run("install", "-y", "--no-install-recommends", package) && Run("update"))
                Run("install", "-y", "--no-install-recommends", package);
            return find();
        }
    }

    /// <summary>Waits for other processes that install something: files of a package are there before it is set up.</summary>
    private static FileStream Alone()
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(100))
        {
            try
            {
                return new(Path.Combine(Path.GetTempPath(), "telemetry-packages.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (clock.Elapsed < Patience)
            {
                // Held by another process.
            }
        }
    }

    private static string? Find(string name) =>
        new[] { "/usr/bin", "/usr/local/bin", "/usr/sbin" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static bool Run(params string[] arguments)
    {
        // What is installed here is started by the tests, not by its maintainer's scripts.
        const string policy = "/usr/sbin/policy-rc.d";
        if (File.Exists(policy))
            return RunApt(arguments);
        File.WriteAllText(policy, "#!/bin/sh\nexit 101\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(policy, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        try
        {
            return RunApt(arguments);
        }
        finally
        {
            File.Delete(policy);
        }
    }

    private static bool RunApt(string[] arguments)
    {
        var start = new ProcessStartInfo("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" },
        };
        try
        {
            using var process = Process.Start(start)!;
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.StandardInput.Close();
            if (process.WaitForExit(TimeSpan.FromMinutes(5)))
                return process.ExitCode == 0;
            process.Kill();
            return false;
        }
        catch (Win32Exception)
        {
            return false; // no apt-get: not a Debian
        }
    }
}
