using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Telemetry.Conformance;

/// <summary>A RabbitMQ of its own, out of Debian's package, with its own port, name and data: started, killed and started again as a test wants.</summary>
/// <remarks>It runs as whoever runs the tests, root in a container too, beside any other RabbitMQ of the machine.</remarks>
public sealed class RabbitMqServer : IAsyncDisposable
{
    /// <summary>The variable that names a broker to use instead, as an AMQP URL; it cannot be stopped or started.</summary>
    public const string Variable = "TELEMETRY_TEST_RABBITMQ";

    // Debian's /usr/sbin wrapper insists on root and becomes user rabbitmq; the script behind it runs as anyone.
    private const string Script = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private readonly TemporaryDirectory? _directory;
    private readonly int _distributionPort;
    private readonly int _mapperPort;
    private Process? _mapper;
    private Process? _broker;

    private RabbitMqServer(Uri url, TemporaryDirectory? directory = null, int? tlsPort = null)
    {
        (Url, _directory, TlsPort) = (url, directory, tlsPort);
        if (directory is not null)
            (_distributionPort, _mapperPort) = (FreePort.Find(), FreePort.Find());
    }

    /// <summary>Such as <c>amqp://guest:guest@127.0.0.1:5672/</c>.</summary>
    public Uri Url { get; }

    /// <summary>The port for TLS; null unless that was asked for. Its certificate is for localhost.</summary>
    public int? TlsPort { get; }

    /// <summary>The authority that vouches for the certificate, a PEM file.</summary>
    public string CaFile => _directory!.File("ca.pem");

    /// <summary>Why there is no broker; null where there is one, or one can be started.</summary>
    public static string? Missing() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } || (DebianPackage.Program("rabbitmq-server", "rabbitmq-server") is not null && File.Exists(Script))
            ? null
            : $"RabbitMQ is not installed, and installing it (Debian: rabbitmq-server) takes root; or {Variable} names one.";

    /// <summary>The broker that <see cref="Variable"/> names, else one of its own.</summary>
    public static Task<RabbitMqServer> StartAsync() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
        ? Task.FromResult(new RabbitMqServer(new(given)))
        : StartOwnAsync();

    /// <summary>A broker of the test's own.</summary>
    /// <param name="tls">Whether it listens for TLS as well; needs openssl.</param>
    public static async Task<RabbitMqServer> StartOwnAsync(bool tls = false)
    {
        var server = new RabbitMqServer(new($"amqp://guest:guest@127.0.0.1:{FreePort.Find()}/"), new(), tls ? FreePort.Find() : null);
        try
        {
            await server.ConfigureAsync();
            server._mapper = server.Start("/usr/bin/epmd", "-port", Text(server._mapperPort), "-address", "127.0.0.1");
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it as a power cut would.</summary>
    public async Task KillAsync()
    {
        if (_broker is not { HasExited: false })
            return;
        _broker.Kill(entireProcessTree: true);
        await _broker.WaitForExitAsync();
    }

    /// <summary>Starts it (again) on the same port, with what it has kept.</summary>
    public async Task StartAgainAsync()
    {
        _broker = Start(Script);
        var clock = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (_broker.HasExited || clock.Elapsed > TimeSpan.FromMinutes(2))
                throw new InvalidOperationException($"RabbitMQ did not start: {string.Join('\n', Directory.GetFiles(_directory!.File("logs")).Select(File.ReadAllText))}");
            await Task.Delay(100);
        }
    }

    /// <summary>Runs <c>rabbitmqctl</c> on it; gives what that prints.</summary>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        var output = new ConcurrentQueue<string>();
        using var control = Start("/usr/lib/rabbitmq/bin/rabbitmqctl", arguments, output.Enqueue);
        await control.WaitForExitAsync();
        return control.ExitCode == 0
            ? string.Join('\n', output)
            : throw new InvalidOperationException($"'rabbitmqctl {string.Join(' ', arguments)}' ended with code {control.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _broker?.Dispose();
        if (_mapper is not null)
        {
            _mapper.Kill();
            await _mapper.WaitForExitAsync();
            _mapper.Dispose();
        }
        _directory?.Dispose();
    }

    private async Task ConfigureAsync()
    {
        foreach (var folder in new[] { "home", "mnesia", "logs" })
            Directory.CreateDirectory(_directory!.File(folder));
        var lines = new List<string>
        {
            $"listeners.tcp.1 = 127.0.0.1:{Url.Port}", "log.console = false", "log.file.level = warning", "disk_free_limit.absolute = 50MB", "vm_memory_high_watermark.absolute = 1024MB",
        };
        if (TlsPort is { } port)
        {
            await CertifyAsync();
            lines.AddRange([
                $"listeners.ssl.1 = 127.0.0.1:{port}", $"ssl_options.cacertfile = {CaFile}", $"ssl_options.certfile = {_directory!.File("server.pem")}",
                $"ssl_options.keyfile = {_directory.File("server.key")}", "ssl_options.verify = verify_none"]);
        }
        await File.WriteAllLinesAsync(_directory!.File("rabbitmq.conf"), lines);
        await File.WriteAllTextAsync(_directory.File("enabled_plugins"), "[].");
        await File.WriteAllTextAsync(_directory.File("rabbitmq-env.conf"), "");
    }

    private async Task CertifyAsync()
    {
        await File.WriteAllTextAsync(_directory!.File("extensions"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
        foreach (var command in new[]
        {
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test-authority -keyout ca.key -out ca.pem",
            "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile extensions -out server.pem",
        })
        {
            using var openssl = Start("openssl", command.Split(' '));
            await openssl.WaitForExitAsync();
            if (openssl.ExitCode != 0)
                throw new InvalidOperationException($"'openssl {command}' ended with code {openssl.ExitCode}.");
        }
    }

    private Process Start(string program, params string[] arguments) => Start(program, arguments, static _ => { });

    private Process Start(string program, string[] arguments, Action<string> output)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _directory!.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["HOME"] = _directory.File("home"),
            ["LANG"] = "C.UTF-8",
            ["ERL_EPMD_PORT"] = Text(_mapperPort),
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODENAME"] = $"t{Url.Port}@localhost",
            ["RABBITMQ_DIST_PORT"] = Text(_distributionPort),
            ["RABBITMQ_CONF_ENV_FILE"] = _directory.File("rabbitmq-env.conf"),
            ["RABBITMQ_CONFIG_FILE"] = _directory.File("rabbitmq.conf"),
            ["RABBITMQ_ADVANCED_CONFIG_FILE"] = _directory.File("none"),
            ["RABBITMQ_CONFIG_FILES"] = _directory.File("conf.d"),
            ["RABBITMQ_MNESIA_BASE"] = _directory.File("mnesia"),
            ["RABBITMQ_LOG_BASE"] = _directory.File("logs"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = _directory.File("enabled_plugins"),
            ["RABBITMQ_PID_FILE"] = _directory.File("broker.pid"),
            // Two schedulers that do not spin: kinder to a small machine.
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
        })
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => output(e.Data ?? "");
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Whether it speaks AMQP yet: a client's header is answered by a frame of a method on channel 0.</summary>
    private async Task<bool> AnswersAsync()
    {
        using var client = new TcpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, Url.Port, limit.Token);
            var stream = client.GetStream();
            await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), limit.Token);
            var first = new byte[1];
            return await stream.ReadAsync(first, limit.Token) == 1 && first[0] == 1;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
