using System.Globalization;

namespace Telemetry.Ingest;

/// <summary>The directory of the data files, held by one process at a time.</summary>
/// <remarks>The lock is the kernel's, on an open file: it ends with the process, however that ends.</remarks>
public sealed class DataDirectory : IDisposable
{
    private const string LockName = "telemetry.lock";
    private const string HolderName = "telemetry.pid"; // beside the lock, which nobody else can open to read

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>Makes the directory where there is none, and takes it.</summary>
    /// <exception cref="DataDirectoryInUseException">Another process, or another part of this one, has it.</exception>
    /// <exception cref="IOException">It cannot be made or written to.</exception>
    public static DataDirectory Open(string path)
    {
        try
        {
            return Take(path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or (IOException and not DataDirectoryInUseException))
        {
            throw new IOException($"The data directory '{path}' cannot be made or written to: {e.Message}", e);
        }
    }

    /// <summary>The path of a file in it.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => _lock.Dispose(); // the file stays: deleting it would let two processes hold two files of that name

    private static DataDirectory Take(string path)
    {
        var full = Directory.CreateDirectory(path).FullName;
        var file = System.IO.Path.Combine(full, LockName);
        var holder = System.IO.Path.Combine(full, HolderName);
        FileStream held;
        try
        {
            held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(file))
        {
            throw new DataDirectoryInUseException(full, HolderOf(holder), e);
        }
        File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new DataDirectory(full, held);
    }

    private static int? HolderOf(string file)
    {
        try
        {
            return int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}

/// <summary>A data directory is held by another process.</summary>
/// <param name="holder">That process's id, null where it could not be read.</param>
public sealed class DataDirectoryInUseException(string path, int? holder, Exception? cause = null) : IOException(
    $"The data directory '{path}' is in use by {(holder is { } pid ? $"process {pid}" : "another process")}. Stop it first, or choose another directory with --data.",
    cause)
{
    public int? Holder { get; } = holder;
}
