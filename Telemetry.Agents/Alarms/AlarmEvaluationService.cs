using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Telemetry.Agents.Alarms;

/// <summary>The evaluator's clock: every multiple of the interval since 1970, so that all processes evaluate the same windows.</summary>
internal sealed class AlarmEvaluationService(
    AlarmEvaluator evaluator, PendingNotifications pending, IOptions<AlarmsOptions> options, TimeProvider time, ILogger<AlarmEvaluationService> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = TimeSpan.FromSeconds(options.Value.EvaluationIntervalSeconds);
        await TryAsync(() => pending.TellAsync(stoppingToken));
        while (!stoppingToken.IsCancellationRequested)
        {
            var now = time.GetUtcNow();
            // A cycle that takes longer than the interval leaves the ones in between out.
            var next = new DateTimeOffset((now.UtcTicks / interval.Ticks + 1) * interval.Ticks, TimeSpan.Zero);
            try
            {
                await Task.Delay(next - now, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await TryAsync(() => evaluator.EvaluateAsync(next, stoppingToken));
        }
    }

    private async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
#pragma warning disable CA1031 // whatever went wrong, the next cycle tries again
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.CycleFailed(log, e);
        }
    }
}
