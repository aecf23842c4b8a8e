using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Leases;

namespace Telemetry.Agents.Alarms;

/// <summary>The evaluator's clock: every multiple of the interval since 1970, so that all processes evaluate the same windows.</summary>
/// <remarks>
/// Shares of another process that has ended are taken over at once: what it may have left undone of the last window is done again. A transition
/// has an id of its own, so that it is stored and told once; what is no transition is not repeated.
/// </remarks>
internal sealed class AlarmEvaluationService(
    AlarmEvaluator evaluator, AlarmNotifier notifier, PendingNotifications pending, EventAlarmListener listener, ILeases leases, IOptions<AlarmsOptions> options, TimeProvider time,
    ILogger<AlarmEvaluationService> log) : BackgroundService
{
    private static readonly TimeSpan LeaseCheck = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _interval = TimeSpan.FromSeconds(options.Value.EvaluationIntervalSeconds);
    private HashSet<string> _held = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isStart = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            await TryAsync(() => TakeOverAsync(isStart, stoppingToken));
            isStart = false;
            var now = time.GetUtcNow();
            // A cycle that takes longer than the interval leaves the ones in between out.
            var next = new DateTimeOffset((now.UtcTicks / _interval.Ticks + 1) * _interval.Ticks, TimeSpan.Zero);
            var pause = leases is AllLeases || next - now < LeaseCheck ? next - now : LeaseCheck;
            try
            {
                await Task.Delay(pause, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            if (pause == next - now)
                await TryAsync(() => evaluator.EvaluateAsync(next, stoppingToken));
        }
    }

    /// <summary>Before the shares are given back: others would call again what is under way.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var telling = notifier.StopAsync(cancellationToken); // at once: what is evaluated from now on is told after the next start
        await base.StopAsync(cancellationToken);
        await telling;
    }

    /// <summary>Tells what others have not told, and does what they may not have done.</summary>
    private async Task TakeOverAsync(bool isStart, CancellationToken ct)
    {
        var held = AlarmShares.All.Where(leases.Holds).ToHashSet();
        var taken = held.Except(_held).ToHashSet();
        if (taken.Count == 0)
        {
            _held = held;
            return;
        }
        await pending.TellAsync(taken, ct);
        if (!isStart)
        {
            var last = new DateTimeOffset(time.GetUtcNow().UtcTicks / _interval.Ticks * _interval.Ticks, TimeSpan.Zero);
            await evaluator.EvaluateAsync(last, ct, taken);
            await listener.LookBackAsync(taken, ct);
        }
        _held = held;
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
