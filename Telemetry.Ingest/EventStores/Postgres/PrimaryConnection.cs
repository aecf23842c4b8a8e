using Npgsql;

namespace Telemetry.Postgres;

internal static class PrimaryConnection
{
    /// <summary>The settings of a connection string; of several hosts only the primary is used: a standby is behind, and what was acknowledged has to be read.</summary>
    public static NpgsqlConnectionStringBuilder Settings(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (settings.Host?.Contains(',', StringComparison.Ordinal) == true)
            settings.TargetSessionAttributes ??= "primary";
        return settings;
    }
}
