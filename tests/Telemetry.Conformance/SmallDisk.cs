using System.Diagnostics;

namespace Telemetry.Conformance;

/// <summary>A file system in memory of a few megabytes.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TemporaryDirectory _directory;

    private SmallDisk(TemporaryDirectory directory) => _directory = directory;

    public string Path => _directory.Path;

    /// <summary>Null where the account may not mount.</summary>
    public static SmallDisk? TryMount(int bytes)
    {
        var directory = new TemporaryDirectory();
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", directory.Path))
            return new SmallDisk(directory);
        directory.Dispose();
        return null;
    }

    /// <summary>Writes a file that takes all space that is left.</summary>
    public void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4_096];
        try
        {
            while (new DriveInfo(Path).AvailableFreeSpace > 0)
                file.Write(block);
        }
        catch (IOException)
        {
            // full
        }
    }

    public void Dispose()
    {
        Run("umount", Path);
        _directory.Dispose();
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
