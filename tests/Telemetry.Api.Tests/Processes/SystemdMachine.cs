using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>
/// A systemd that starts units as on a machine of its own: the first process of new namespaces, on this machine's file system with a layer in memory over it. It has the
/// program under <c>/opt/telemetry</c>, an account <c>telemetry</c>, this machine's network, and goes with this object or with the test process.
/// </summary>
internal sealed class SystemdMachine : IAsyncDisposable
{
    // Of systemd's own units only what every service needs: the rest of a boot would take long, and touch the kernel that all share.
    private const string Script = """
        set -e
        group=/sys/fs/cgroup/unified; [ -d $group ] || group=/sys/fs/cgroup
        group=$group/telemetry-$$
        mkdir $group
        (echo 0 > $group/cgroup.procs; exec unshare --mount --pid --fork --uts --ipc --cgroup --kill-child --propagation slave sh -ec '
        machine=$1; program=$2; dotnet=$3; postgres=$4; root=$machine/root
        mount -t tmpfs tmpfs $machine
        mkdir $machine/upper $machine/work $machine/units $root
        mount -t overlay overlay -o lowerdir=/,upperdir=$machine/upper,workdir=$machine/work $root
        for unit in basic.target sysinit.target shutdown.target systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket; do
            cp /lib/systemd/system/$unit $machine/units
        done
        mount --bind $machine/units $root/usr/lib/systemd/system
        rm -rf $root/etc/systemd/system/*
        mkdir -p $root/opt/telemetry $root/etc/telemetry $root/usr/share/dotnet $root/.old
        mount --bind $program $root/opt/telemetry
        mount --rbind $dotnet $root/usr/share/dotnet
        useradd --root $root --system --user-group telemetry
        mount -t proc proc $root/proc
        mount --bind $root/proc/sys $root/proc/sys
        mount -o remount,bind,ro $root/proc/sys
        mount -t sysfs -o ro sysfs $root/sys
        mount -t tmpfs -o mode=755 tmpfs $root/sys/fs/cgroup
        mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
        mount -t tmpfs -o mode=755 tmpfs $root/run
        mount -t tmpfs -o mode=1777 tmpfs $root/tmp
        mount -t tmpfs -o mode=755 tmpfs $root/dev
        for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do set -- $device; mknod -m 666 $root/dev/$1 c $2 $3; done
        mkdir $root/dev/shm $root/dev/pts
        ln -s pts/ptmx $root/dev/ptmx
        mount -t tmpfs -o mode=1777 tmpfs $root/dev/shm
        if [ -n "$postgres" ]; then mkdir $root/run/postgresql; mount --bind $postgres $root/run/postgresql; fi
        cd $root
        mount --make-rprivate /; pivot_root . .old; umount -l /.old; mount --make-rshared /
        exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=basic.target
        ' sh "$@") & pid=$!
        echo $pid
        read -r ignored || :
        kill -KILL $pid 2>/dev/null || :
        wait $pid || :
        until find $group -depth -type d -delete 2>/dev/null; do sleep 0.05; done
        """;

    private readonly TemporaryDirectory _directory;
    private readonly Process _shell;
    private readonly int _init;

    private SystemdMachine(TemporaryDirectory directory, Process shell, int init) => (_directory, _shell, _init) = (directory, shell, init);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Skips the test where there is no systemd or the account may not make namespaces; with CI=true that is a failure.</summary>
    /// <param name="postgres">A directory with PostgreSQL's socket, to be found as <c>/run/postgresql</c>.</param>
    public static async Task<SystemdMachine> StartAsync(string postgres = "")
    {
        var isThere = Environment.IsPrivilegedProcess && DebianPackage.HasFile("/lib/systemd/systemd", "systemd");
        Assert.False(!isThere && Environment.GetEnvironmentVariable("CI") == "true", "There is no systemd to be started.");
        Assert.SkipUnless(isThere, "Starting systemd (Debian: systemd) in namespaces of its own takes root.");
        var directory = new TemporaryDirectory();
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", directory.Path, AppContext.BaseDirectory, dotnet, postgres])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var outer = await shell.StandardOutput.ReadLineAsync(Ct);
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(20, Ct))
        {
            if (int.TryParse(await ChildAsync(outer), CultureInfo.InvariantCulture, out var init))
            {
                var machine = new SystemdMachine(directory, shell, init);
                if (await machine.RunAsync("systemctl", "start", "systemd-journald.service") is (0, _))
                    return machine;
            }
            if (clock.Elapsed < TimeSpan.FromSeconds(30) && outer is not null && Directory.Exists($"/proc/{outer}"))
                continue;
            shell.StandardInput.Close();
            throw new InvalidOperationException($"systemd did not start: {await shell.StandardError.ReadToEndAsync(Ct)}");
        }
    }

    /// <summary>Runs a command in it, as root.</summary>
    public async Task<(int Code, string Output)> RunAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo("nsenter", ["--target", $"{_init}", "--all", "--", .. command]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct);
        return (process.ExitCode, await output + await error);
    }

    /// <summary>Has systemctl do something, such as to start a unit; a failure shows what the journal says.</summary>
    public async Task ControlAsync(params string[] arguments)
    {
        var (code, output) = await RunAsync(["systemctl", .. arguments]);
        Assert.True(code == 0, $"systemctl {string.Join(' ', arguments)}: {output}\n{await JournalAsync()}");
    }

    /// <summary>A property of a unit, such as <c>MainPID</c>.</summary>
    public async Task<string> ShowAsync(string unit, string property) => (await RunAsync("systemctl", "show", "--value", "--property", property, unit)).Output.Trim();

    public async Task<string> JournalAsync() => (await RunAsync("journalctl", "--no-pager")).Output;

    public Task WriteAsync(string path, params string[] lines) => File.WriteAllLinesAsync($"/proc/{_init}/root{path}", lines, Ct);

    public async ValueTask DisposeAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync(CancellationToken.None);
        _shell.Dispose();
        _directory.Dispose();
    }

    private static async Task<string?> ChildAsync(string? parent)
    {
        try
        {
            return parent is null ? null : (await File.ReadAllTextAsync($"/proc/{parent}/task/{parent}/children", Ct)).Split(' ')[0];
        }
        catch (IOException)
        {
            return null; // has ended
        }
    }
}
