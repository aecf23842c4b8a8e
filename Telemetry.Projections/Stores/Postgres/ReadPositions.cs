using System.Globalization;
using Npgsql;
using Telemetry.Postgres;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>How processes that answer tell those that only take samples in how far they have read: by NOTIFY, with an id and a position.</summary>
internal static class ReadPositions
{
    public const string Channel = "read_positions";

    /// <summary>How often a process that answers says so, though nothing came in.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>After how long without a word it answers no more.</summary>
    public static readonly TimeSpan Silence = 3 * Beat;

    public static string Write(Guid process, long position) => $"{process:N} {position.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Null for what is none.</summary>
    public static (Guid Process, long Position)? Read(string payload) =>
        payload.Split(' ') is [var id, var text] && Guid.TryParseExact(id, "N", out var process) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? (process, position) : null;

    /// <summary>A connection that notices when the other end is gone.</summary>
    public static async Task<NpgsqlConnection> ConnectAsync(string connectionString, CancellationToken ct)
    {
        var settings = PrimaryConnection.Settings(connectionString);
        (settings.Pooling, settings.KeepAlive, settings.CommandTimeout, settings.ApplicationName) = (false, 5, 5, "telemetry read positions");
        var connection = new NpgsqlConnection(settings.ToString());
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
