using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Leases;

namespace Telemetry.Projections.Audit;

/// <summary>Signs a checkpoint now and then, where the tree has grown; of several processes the one that stores the tree does.</summary>
internal sealed class CheckpointPublisher(AuditLog audit, ILeases leases, AuditOptions options, TimeProvider time, ILogger<CheckpointPublisher> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.CheckpointIntervalSeconds), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Publish();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private void Publish()
    {
        try
        {
            if (leases.Holds(AuditProjection.ProjectionName))
                audit.Publish();
        }
#pragma warning disable CA1031 // nothing that goes wrong here may end the server; it is tried again at the next tick
        catch (Exception e)
#pragma warning restore CA1031
        {
            AuditMessages.CheckpointFailed(log, e.Message, e);
        }
    }
}

internal static partial class AuditMessages
{
    [LoggerMessage(60, LogLevel.Critical, "No checkpoint of the audit log was signed: {Problem}")]
    public static partial void CheckpointFailed(ILogger logger, string problem, Exception cause);
}
