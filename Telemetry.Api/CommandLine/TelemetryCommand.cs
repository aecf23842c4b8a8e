using System.CommandLine;

namespace Telemetry.Api.CommandLine;

/// <summary>The command line as a whole: <c>telemetry COMMAND</c>, where no command means <c>serve</c>.</summary>
internal static class TelemetryCommand
{
    /// <summary>Exit code of a command that was asked for something it cannot do; nothing was changed.</summary>
    public const int UsageError = 2;

    public static Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Meters an OpenStack cloud: takes samples in, keeps them as facts, answers over Ceilometer's REST API and GraphQL.")
        {
            ServeCommand.Create(),
            LoadCommand.Create(),
            RebuildCommand.Create(),
            MigrateCommand.Create(),
            AuditCommand.Create(),
            KeysCommand.Create(),
            RateCommand.Create(),
            DefinitionsCommand.Create(),
        };
        return root.Parse(WithDefault(args)).InvokeAsync();
    }

    /// <summary>An option of <c>serve</c> may be given without naming the command.</summary>
    private static string[] WithDefault(string[] args) =>
        args is [] || (args[0].StartsWith('-') && args[0] is not ("--help" or "-h" or "-?" or "--version")) ? ["serve", .. args] : args;

    /// <summary>Says what went wrong in one line, on the error stream.</summary>
    public static int Fail(string message, int code = 1)
    {
        Console.Error.WriteLine($"telemetry: {message}");
        return code;
    }
}
