using Spectre.Console;

namespace Telemetry.Api.CommandLine;

/// <summary>How far a long command is, on standard error; standard output is for what it gives.</summary>
internal static class ProgressBars
{
    public static Task<T> ShowAsync<T>(Func<ProgressContext, Task<T>> work) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }).Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(work);
}

/// <summary>Reports on the thread that the work is done by.</summary>
internal sealed class Reporter<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
