using System.Diagnostics;

namespace Telemetry.Conformance;

/// <summary>Waits for what nobody signals, such as how far another process has come: asks again and again, with an end.</summary>
public static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <param name="failure">What else the failure of the test is to say.</param>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string>? failure = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        for (var clock = Stopwatch.StartNew(); !await condition(); await Task.Delay(Pause, TestContext.Current.CancellationToken))
            Assert.True(clock.Elapsed < Patience, $"It does not come to it. {failure?.Invoke()}");
    }

    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));
}
