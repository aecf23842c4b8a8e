using Spectre.Console;

namespace Telemetry.Api.CommandLine;

/// <summary>How far a long command is, on standard error: a bar on a terminal, elsewhere a line now and then. Standard output is for what it gives.</summary>
internal static class ProgressBars
{
    private const int MillisecondsBetweenLines = 5_000;

    /// <param name="what">What is being done.</param>
    /// <param name="max">What <paramref name="done"/> will be at the end; null where nobody knows.</param>
    /// <param name="now">Whether it is said however lately something was.</param>
    public delegate void Report(string what, double done, double? max, bool now = false);

    /// <param name="what">What is being done at first.</param>
    public static Task<T> ShowAsync<T>(string what, Func<Report, Task<T>> work) => Console.IsErrorRedirected ? work(Lines()) : BarAsync(what, work);

    private static Report Lines()
    {
        var last = Environment.TickCount64;
        return (what, done, max, now) =>
        {
            if (!now && Environment.TickCount64 - last < MillisecondsBetweenLines)
                return;
            last = Environment.TickCount64;
            Console.Error.WriteLine(max is { } all ? $"{what}, {100 * done / all:F0} %" : what);
        };
    }

    private static Task<T> BarAsync<T>(string first, Func<Report, Task<T>> work) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }).Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async progress =>
            {
                var task = progress.AddTask(Markup.Escape(first));
                var result = await work((what, done, max, _) =>
                {
                    task.Description = Markup.Escape(what);
                    task.IsIndeterminate = max is null;
                    (task.MaxValue, task.Value) = (max ?? 1, done);
                });
                task.IsIndeterminate = false;
                task.Value = task.MaxValue;
                return result;
            });
}

/// <summary>Reports on the thread that the work is done by.</summary>
internal sealed class Reporter<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
