using Npgsql;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>The database's time, so that a process whose clock is wrong does as the others do.</summary>
/// <remarks>Taken over now and then, and carried on by a clock that nobody sets.</remarks>
internal sealed class DatabaseTime(TimeProvider inner) : TimeProvider
{
    /// <summary>Differences below this are the time that asking takes.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(100);

    private Reading _last = new(inner.GetUtcNow(), inner.GetTimestamp());

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => Volatile.Read(ref _last) is var last ? last.At + inner.GetElapsedTime(last.Timestamp) : default;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);

    /// <summary>Takes the time over from the database.</summary>
    public async Task AskAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var asked = inner.GetTimestamp();
        await using var command = new NpgsqlCommand("select clock_timestamp()", connection);
        var answer = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(ct))!, TimeSpan.Zero);
        var now = answer + (inner.GetElapsedTime(asked) / 2);
        if ((now - GetUtcNow()).Duration() > Tolerance)
            Volatile.Write(ref _last, new(now, inner.GetTimestamp()));
    }

    private sealed record Reading(DateTimeOffset At, long Timestamp);
}
