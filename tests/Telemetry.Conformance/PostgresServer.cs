using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;

namespace Telemetry.Conformance;

/// <summary>A PostgreSQL server: a cluster of its own out of Debian's package, which writes to disk as in earnest (fsync).</summary>
/// <remarks>
/// It listens on a socket in its directory alone. Its processes end, and the directory goes, with this object or with the test process,
/// however that ends: a shell between them waits for the end of its input.
/// </remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>Names a server to be used instead, by a connection string of a role that may create databases.</summary>
    public const string Variable = "TELEMETRY_TEST_POSTGRES";

    /// <summary>Where Debian has PostgreSQL's programs, such as pg_dump.</summary>
    public const string Programs = "/usr/lib/postgresql/15/bin";

    private const int Stop = 19; // signal(7)
    private const int Continue = 18;

    private const string User = "postgres"; // the package makes it: the server refuses to run as root

    private const string Script = """
        log=$1/log; directory=$1; shift
        "$@" 2>>"$log" >&2 & pid=$!
        echo $pid
        read -r keep
        kill -QUIT $pid 2>/dev/null
        wait $pid
        [ -n "$keep" ] || rm -rf "$directory"
        """;

    private static readonly Lazy<Task<PostgresServer>> SharedServer = new(async () =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? new PostgresServer(given) : await StartAsync());

    private readonly string[] _settings = [];
    private Process? _shell;

    private PostgresServer(string connectionString, string directory = "", string[]? settings = null)
    {
        (ConnectionString, Directory) = (connectionString, directory);
        _settings = settings ?? [];
    }

    /// <summary>Of a role that may do everything, to the database <c>postgres</c>.</summary>
    public string ConnectionString { get; }

    /// <summary>Holds <c>data</c>, <c>log</c> and the socket; empty for a server that was given.</summary>
    public string Directory { get; }

    /// <summary>The process that starts all others.</summary>
    public int ProcessId { get; private set; }

    /// <summary>That one and all that it has started.</summary>
    public IReadOnlyList<int> Processes => [ProcessId, .. Children(ProcessId)];

    /// <summary>The server that the tests of this process share. Skips the test where there is none; with CI=true that is a failure.</summary>
    public static async Task<PostgresServer> SharedAsync()
    {
        SkipUnlessInstalled();
        return await SharedServer.Value;
    }

    /// <summary>A server for a test that stops, kills or fills it.</summary>
    /// <param name="settings">Such as <c>max_connections=5</c>.</param>
    public static async Task<PostgresServer> StartAsync(params string[] settings)
    {
        SkipUnlessInstalled(given: false);
        var directory = System.IO.Directory.CreateTempSubdirectory("telemetry-pg-").FullName;
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", User, directory);
        var connection = new NpgsqlConnectionStringBuilder { Host = directory, Username = User, Database = "postgres" };
        var server = new PostgresServer(connection.ToString(), directory, settings);
        await RunAsync([.. AsUser, $"{Programs}/initdb", "-D", $"{directory}/data", "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>A server that follows this one, and answers reads alone.</summary>
    /// <param name="settings">Such as <c>recovery_min_apply_delay=1h</c>.</param>
    public async Task<PostgresServer> StartStandbyAsync(params string[] settings)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("telemetry-pg-").FullName;
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", User, directory);
        await RunAsync([.. AsUser, $"{Programs}/pg_basebackup", "-h", Directory, "-U", User, "-D", $"{directory}/data", "-R", "-X", "stream", "-c", "fast", "--no-sync"]);
        var connection = new NpgsqlConnectionStringBuilder(ConnectionString) { Host = directory };
        var server = new PostgresServer(connection.ToString(), directory, settings);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>An empty database of its own for a test.</summary>
    /// <param name="tablespace">Where its files are; null for the server's own place.</param>
    public async Task<PostgresDatabase> CreateDatabaseAsync(string? tablespace = null)
    {
        var name = $"telemetry_{Guid.NewGuid():N}";
        await ExecuteAsync($"create database {name} {(tablespace is null ? "" : $"tablespace {tablespace}")}");
        return new PostgresDatabase(this, name);
    }

    /// <summary>Lets databases have their files in a directory, on a small disk for instance.</summary>
    public async Task CreateTablespaceAsync(string name, string directory)
    {
        var own = Path.Combine(directory, "postgres");
        System.IO.Directory.CreateDirectory(own);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chmod", "755", directory);
            await RunAsync("chown", User, own);
        }
        await ExecuteAsync($"create tablespace {name} location '{own}'");
    }

    /// <summary>Runs a statement in the database <c>postgres</c>.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Ends all its processes as a power cut would, as far as processes are concerned.</summary>
    public async Task KillAsync()
    {
        var processes = Signal(9);
        // A server does not start while one of them still holds the shared memory of the old one.
        await Poll.UntilAsync(() => !processes.Any(IsAlive));
        await _shell!.StandardInput.WriteLineAsync("keep");
        await _shell.WaitForExitAsync();
        _shell.Dispose();
    }

    /// <summary>Starts it on its data after <see cref="KillAsync"/>, and waits until it answers.</summary>
    public async Task StartAgainAsync()
    {
        string[] command = [.. AsUser, $"{Programs}/postgres", "-D", $"{Directory}/data", "-k", Directory, .. Setting("listen_addresses="),
            .. Setting("max_connections=200"), .. Setting("timezone=UTC"), .. _settings.SelectMany(Setting)];
        _shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", Directory, .. command]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        ProcessId = int.Parse((await _shell.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            try
            {
                await ExecuteAsync("select 1");
                return;
            }
            catch (NpgsqlException) when (clock.Elapsed < TimeSpan.FromMinutes(1) && IsAlive(ProcessId))
            {
                // Not listening yet, or still recovering.
            }
            catch (NpgsqlException e)
            {
                throw new InvalidOperationException($"PostgreSQL did not start: {await File.ReadAllTextAsync($"{Directory}/log")}", e);
            }
        }
    }

    /// <summary>Stops all its processes where they are; connections stay open and nobody answers, until <see cref="Resume"/>.</summary>
    public void Pause() => Signal(Stop);

    public void Resume() => Signal(Continue);

    public async ValueTask DisposeAsync()
    {
        if (_shell is null)
            return;
        Resume();
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
        _shell.Dispose();
    }

    private static string[] AsUser =>
        Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups"] : ["env"];

    private static string[] Setting(string setting) => ["-c", setting];

    private static void SkipUnlessInstalled(bool given = true)
    {
        if (given && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 })
            return;
        if (DebianPackage.HasFile($"{Programs}/postgres", "postgresql-15"))
            return;
        Assert.False(Environment.GetEnvironmentVariable("CI") == "true", "PostgreSQL 15 is not installed, and could not be.");
        Assert.Skip($"PostgreSQL is not installed, and installing it (Debian: postgresql-15) takes root. Name a server by {Variable}.");
    }

    /// <summary>To the server and to all processes that it started.</summary>
    /// <returns>Whom it was sent to.</returns>
    private IReadOnlyList<int> Signal(int signal)
    {
        _ = Kill(ProcessId, signal == Continue ? Continue : Stop); // that it starts no more of them meanwhile
        var processes = Processes;
        foreach (var process in processes)
            _ = Kill(process, signal); // one that has ended meanwhile is fine
        return processes;
    }

    private static IEnumerable<int> Children(int parent)
    {
        var wanted = parent.ToString(CultureInfo.InvariantCulture);
        return System.IO.Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process) ? process : 0)
            .Where(process => process > 0 && Stat(process) is [_, var its, ..] && its == wanted);
    }

    /// <summary>A process that has ended and was not waited for is not.</summary>
    private static bool IsAlive(int process) => Stat(process) is [not "Z", ..];

    /// <summary>What proc(5) tells of a process from its state on, the parent after that; null where there is none.</summary>
    private static string[]? Stat(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // has ended
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with code {process.ExitCode}: {await output} {await error}");
    }
}
