using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Telemetry.Domain.Leases;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>Shares of work in table <c>lease</c>, each held by one process for seconds at a time, and the clock that all processes go by.</summary>
/// <remarks>
/// Every second each process says that it lives, prolongs what it holds, takes what nobody holds and gives away what is more than its part; an
/// advisory lock makes them do so one after the other. Whoever takes a share raises its epoch, and what a former holder still writes is refused
/// by it. Nothing depends on the clocks of the processes: ends are instants of the database, and a process measures the seconds it has left.
/// </remarks>
/// <param name="name">The process, for operators.</param>
/// <param name="kinds">The work that this process takes part in: the shares of each kind. A kind is divided equally among the processes that do it.</param>
internal sealed class PostgresLeases(
    string connectionString, string name, IReadOnlyDictionary<string, IReadOnlyList<string>> kinds, DatabaseTime time, ILogger<PostgresLeases> log)
    : ILeases, IHostedService, IDisposable
{
    /// <summary>How long a share stays with a process that does not answer.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(2); // the beats of all others wait for the lock meanwhile, and must not lose their leases
    private const int MaxBeatsKept = 10; // longer a process that came late does not wait for its part
    private const long LockKey = 0x54454c454c454153;

    private readonly NpgsqlDataSource _database = PostgresReadModels.Open(connectionString);
    private readonly Guid _id = Guid.NewGuid();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Kept, string> _kept = new(); // shares by who keeps them
    private int _beatsWithSurplus;
    private volatile Held _held = new([], 0);
    private Task _beating = Task.CompletedTask;

    public bool Holds(string share) => _held is var held && held.Epochs.ContainsKey(share) && time.GetTimestamp() < held.Until;

    public IDisposable Keep(string share)
    {
        var kept = new Kept(this);
        _kept[kept] = share;
        return kept;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await BeatAsync(cancellationToken);
        _beating = Task.Run(KeepBeatingAsync, CancellationToken.None);
    }

    /// <summary>Gives everything back, so that others need not wait.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _beating;
        _held = new([], 0);
        try
        {
            await using var batch = _database.CreateBatch();
            batch.BatchCommands.Add(new("update lease set holder = null, expires_at = clock_timestamp() where holder = $1") { Parameters = { new() { Value = _id } } });
            batch.BatchCommands.Add(new("delete from member where id = $1") { Parameters = { new() { Value = _id } } });
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            Log.LeasesFailed(log, e); // they expire by themselves
        }
    }

    /// <summary>Says that this process lives, and takes its part of the shares.</summary>
    public async Task BeatAsync(CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        await using var connection = await _database.OpenConnectionAsync(ct);
        await time.AskAsync(connection, ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(PostgresReadModels.EndIfIdle(IdleLimit));
        await ExecuteAsync("select pg_advisory_xact_lock($1)", LockKey);
        await ExecuteAsync("delete from member where expires_at <= clock_timestamp()");
        await ExecuteAsync(
            """
            insert into member values ($1, $2, $3, clock_timestamp() + $4)
            on conflict (id) do update set expires_at = excluded.expires_at
            """,
            _id, name, kinds.Keys.ToArray(), Duration);
        await ExecuteAsync(
            "insert into lease (share, epoch, expires_at) select unnest($1), 0, '-infinity' on conflict do nothing", (object)kinds.Values.SelectMany(s => s).ToArray());
        var epochs = await EpochsAsync(
            "update lease set expires_at = clock_timestamp() + $2 where holder = $1 and expires_at > clock_timestamp() returning share, epoch", _id, Duration);
        var hasSurplus = false;
        foreach (var (kind, shares) in kinds)
        {
            var members = await ScalarAsync("select count(*) from member where $1 = any(kinds)", kind);
            var part = (int)((shares.Count + members - 1) / members);
            var mine = shares.Where(epochs.ContainsKey).ToList();
            if (mine.Count > part)
            {
                hasSurplus = true;
                var surplus = mine.Except(_beatsWithSurplus < MaxBeatsKept ? _kept.Values : []).Take(mine.Count - part).ToArray();
                await ExecuteAsync("update lease set holder = null, expires_at = clock_timestamp() where share = any($1)", [surplus]);
                foreach (var share in surplus)
                    epochs.Remove(share);
            }
            else if (mine.Count < part)
            {
                var taken = await EpochsAsync(
                    """
                    update lease set holder = $1, epoch = epoch + 1, expires_at = clock_timestamp() + $2 where share in (
                        select share from lease where share = any($3) and expires_at <= clock_timestamp() order by share limit $4)
                    returning share, epoch
                    """,
                    _id, Duration, shares.ToArray(), part - mine.Count);
                foreach (var (share, epoch) in taken)
                    epochs.Add(share, epoch);
            }
        }
        await transaction.CommitAsync(ct);
        _beatsWithSurplus = hasSurplus ? _beatsWithSurplus + 1 : 0;
        Report(epochs);
        _held = new(epochs, asked + (long)(Duration.TotalSeconds * time.TimestampFrequency));

        async Task ExecuteAsync(string sql, params object[] parameters)
        {
            await using var command = Command(sql, parameters);
            await command.ExecuteNonQueryAsync(ct);
        }

        async Task<long> ScalarAsync(string sql, params object[] parameters)
        {
            await using var command = Command(sql, parameters);
            return (long)(await command.ExecuteScalarAsync(ct))!;
        }

        async Task<Dictionary<string, long>> EpochsAsync(string sql, params object[] parameters)
        {
            var found = new Dictionary<string, long>(StringComparer.Ordinal);
            await using var command = Command(sql, parameters);
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
                found.Add(reader.GetString(0), reader.GetInt64(1));
            return found;
        }

        NpgsqlCommand Command(string sql, object[] parameters)
        {
            var command = PostgresReadModels.Command(connection, sql, parameters);
            command.CommandTimeout = (int)Duration.TotalSeconds; // an answer that comes later is of no use
            return command;
        }
    }

    /// <summary>As the last step of a transaction: nobody takes the shares before it has ended, and it fails where somebody has.</summary>
    /// <exception cref="ReadModelTakenException">This process does not hold all of the shares.</exception>
    public void Fence(NpgsqlConnection connection, IReadOnlyList<string> shares)
    {
        var epochs = shares.Select(share => _held.Epochs.GetValueOrDefault(share, -1)).ToArray();
        var held = PostgresReadModels.Query(
            connection,
            """
            select share from lease join unnest($1, $2) as mine (share, epoch) using (share, epoch)
            where holder = $3 and expires_at > clock_timestamp() order by share for share of lease
            """,
            r => r.GetString(0), shares.ToArray(), epochs, _id).ToHashSet(StringComparer.Ordinal);
        foreach (var (share, epoch) in shares.Zip(epochs))
        {
            if (!held.Contains(share))
                throw new ReadModelTakenException($"the lease of '{share}' with epoch {epoch} is over.");
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _database.Dispose();
    }

    private async Task KeepBeatingAsync()
    {
        using var timer = new PeriodicTimer(Beat, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await BeatAsync(_stop.Token);
                }
                catch (NpgsqlException e)
                {
                    Log.LeasesFailed(log, e); // what is held ends by itself
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void Report(Dictionary<string, long> epochs)
    {
        var before = _held.Epochs;
        var taken = epochs.Keys.Except(before.Keys).Order(StringComparer.Ordinal).ToList();
        var lost = before.Keys.Except(epochs.Keys).Order(StringComparer.Ordinal).ToList();
        if (taken.Count + lost.Count > 0)
            Log.LeasesChanged(log, string.Join(' ', taken), string.Join(' ', lost));
    }

    private sealed record Held(Dictionary<string, long> Epochs, long Until);

    private sealed class Kept(PostgresLeases leases) : IDisposable
    {
        public void Dispose() => leases._kept.TryRemove(this, out _);
    }
}
