using System.Globalization;
using System.Reflection;
using Npgsql;

namespace Telemetry.Postgres;

/// <summary>Brings the tables of one schema to what this program works with, by numbered SQL files that come with it. Forward only.</summary>
/// <remarks>
/// The files are resources named <c>SCHEMA/0001-what-it-does.sql</c>, numbered without gaps, and never changed once they were released. They run
/// in order with the schema as search path, all of them in one transaction: a migration is done or not begun.
/// </remarks>
/// <param name="schema">The schema that the tables are in, made where there is none.</param>
internal sealed class Migrations(string schema, Assembly assembly)
{
    private const long LockKey = 0x54454c454d455452; // processes that start at once take turns

    private readonly List<(int Version, string Name)> _files = [.. assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith($"{schema}/", StringComparison.Ordinal))
        .Select(name => (int.Parse(name.AsSpan(schema.Length + 1, 4), NumberStyles.None, CultureInfo.InvariantCulture), name))
        .Order()];

    /// <summary>Runs what the database lacks, and gives the names of what it ran.</summary>
    /// <exception cref="InvalidOperationException">The tables are those of a newer program.</exception>
    /// <exception cref="NpgsqlException">The database does not answer, or refuses.</exception>
    public IReadOnlyList<string> Apply(NpgsqlDataSource database)
    {
        using var connection = database.OpenConnection();
        if (Missing(connection).Count == 0) // where all is done, a role that may not change tables can start the program
            return [];
        using var transaction = connection.BeginTransaction();
        Execute(connection, $"select pg_advisory_xact_lock({LockKey})");
        Execute(connection, $"create schema if not exists {schema}");
        Execute(connection, $"set local search_path to {schema}");
        Execute(connection, "create table if not exists migrations (version int primary key, name text not null, applied_at timestamptz not null default now())");
        var missing = Missing(connection); // what it was under the lock
        foreach (var (version, name) in missing)
        {
            Execute(connection, Text(name));
            using var done = new NpgsqlCommand("insert into migrations (version, name) values ($1, $2)", connection) { Parameters = { new() { Value = version }, new() { Value = name } } };
            done.ExecuteNonQuery();
        }
        transaction.Commit();
        return [.. missing.Select(file => file.Name)];
    }

    private List<(int Version, string Name)> Missing(NpgsqlConnection connection)
    {
        var version = 0;
        if (Scalar(connection, $"select to_regclass('{schema}.migrations')::text") is string)
            version = Convert.ToInt32(Scalar(connection, $"select coalesce(max(version), 0) from {schema}.migrations"), CultureInfo.InvariantCulture);
        var known = _files.Count == 0 ? 0 : _files[^1].Version;
        return version <= known
            ? _files.FindAll(file => file.Version > version)
            : throw new InvalidOperationException(
                $"The tables of '{schema}' in database '{connection.Database}' have version {version}, this program knows up to {known}. Use the program that made them, or a newer one.");
    }

    private string Text(string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static object? Scalar(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
