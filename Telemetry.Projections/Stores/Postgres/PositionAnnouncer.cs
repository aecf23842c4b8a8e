using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Telemetry.Projections.Running;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>Tells other processes how far this one, which answers queries, has read.</summary>
internal sealed class PositionAnnouncer(string connectionString, ProjectionRunner runner, TimeProvider time, ILogger<PositionAnnouncer> log) : BackgroundService
{
    /// <summary>What comes in meanwhile is told together.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Guid _process = Guid.NewGuid();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await ReadPositions.ConnectAsync(connectionString, stoppingToken);
                await AnnounceAsync(connection, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                Log.PositionsLost(log, e);
                await Task.Delay(ReadPositions.Beat, time, stoppingToken).ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    private async Task AnnounceAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select pg_notify($1, $2)", connection) { Parameters = { new() { Value = ReadPositions.Channel }, new() { Value = "" } } };
        var next = Task.FromResult(true);
        while (true)
        {
            var position = runner.Position;
            command.Parameters[1].Value = ReadPositions.Write(_process, position);
            if (runner.IsCaughtUp) // who is not ready is not waited for
                await command.ExecuteNonQueryAsync(ct);
            await Task.Delay(Pause, time, ct);
            if (next.IsCompleted)
                next = runner.WaitForAsync(position + 1, Timeout.InfiniteTimeSpan, ct).AsTask();
            // Nothing comes of the wait where a projection has failed: then there is only the beat.
            await (next.IsCompletedSuccessfully && !await next ? Task.Delay(ReadPositions.Beat, time, ct) : Task.WhenAny(next, Task.Delay(ReadPositions.Beat, time, ct)));
        }
    }
}
