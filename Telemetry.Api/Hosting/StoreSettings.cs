using Npgsql;
using Telemetry.Ingest.EventStores.EventStoreDb;

namespace Telemetry.Api.Hosting;

/// <summary>What the command line says of the stores; null where it says nothing and the configuration decides.</summary>
/// <param name="Data">Key <c>Telemetry:Data</c>.</param>
/// <param name="Log">Key <c>Telemetry:Log</c>.</param>
/// <param name="Store">Key <c>Telemetry:Store</c>.</param>
/// <param name="Postgres">Key <c>Telemetry:Postgres</c>.</param>
/// <param name="Roles">Key <c>Telemetry:Roles</c>.</param>
internal sealed record StoreSettings(string? Data = null, string? Log = null, string? Store = null, string? Postgres = null, string? Roles = null)
{
    public const string DefaultData = "data";
    public const string Example = "Host=127.0.0.1;Database=telemetry;Username=telemetry";
    public const string Sqlite = "sqlite", PostgreSql = "postgres";

    /// <exception cref="ServerStartException">They name no stores.</exception>
    public Stores Resolve(IConfiguration configuration)
    {
        var data = Data ?? configuration["Telemetry:Data"] ?? DefaultData;
        if (string.IsNullOrWhiteSpace(data))
            throw new ServerStartException($"'{data}' in --data is no directory.");
        var stores = new Stores(
            Path.GetFullPath(data),
            Log ?? configuration["Telemetry:Log"] ?? Sqlite,
            Store ?? configuration["Telemetry:Store"] ?? Sqlite,
            Postgres ?? configuration["Telemetry:Postgres"],
            ServerRoles.Parse(Roles ?? configuration["Telemetry:Roles"]));
        if (EventStoreDbServices.IsAddress(stores.Log))
            CheckAddress(stores.Log);
        else
            Check("--log", stores.Log, stores.Postgres, $", nor the address of an EventStoreDB, such as {EventStoreDbServices.Example}");
        Check("--store", stores.Store, stores.Postgres);
        if (stores.Postgres is { } connection)
            CheckConnection(connection);
        if (!stores.Roles.AreAll && !stores.CanBeShared)
            throw new ServerStartException($"--roles {stores.Roles} divides the work among processes: that takes --log {PostgreSql}, or an EventStoreDB, and --store {PostgreSql}.");
        return stores;
    }

    /// <exception cref="ServerStartException">It is no connection string. The message does not repeat it, as it may hold a password.</exception>
    public static void CheckConnection(string connection)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(connection);
        }
        catch (ArgumentException e)
        {
            throw new ServerStartException($"The text in --postgres is no connection string such as {Example}: {e.Message}", e);
        }
    }

    private static void CheckAddress(string address)
    {
        try
        {
            EventStoreDbServices.CheckAddress(address);
        }
        catch (FormatException e)
        {
            throw new ServerStartException($"The address in --log: {e.Message}", e);
        }
    }

    private static void Check(string option, string value, string? postgres, string others = "")
    {
        if (value is not (Sqlite or PostgreSql))
            throw new ServerStartException($"'{value.Split("://")[0]}' in {option} is neither {Sqlite} nor {PostgreSql}{others}.");
        if (value == PostgreSql && string.IsNullOrWhiteSpace(postgres))
            throw new ServerStartException($"{option} {PostgreSql} needs --postgres CONNECTION, such as {Example}.");
    }
}

/// <summary>Where the log and the read models are.</summary>
/// <param name="Data">The full path of the directory of what is kept in files.</param>
/// <param name="Log"><c>sqlite</c>, <c>postgres</c>, or the address of an EventStoreDB.</param>
/// <param name="Store"><c>sqlite</c> or <c>postgres</c>, of the read models.</param>
/// <param name="Postgres">A connection string as Npgsql takes it; set where either is in PostgreSQL.</param>
/// <param name="Roles">What this process does; null for everything.</param>
internal sealed record Stores(string Data, string Log = StoreSettings.Sqlite, string Store = StoreSettings.Sqlite, string? Postgres = null, ServerRoles? Roles = null)
{
    public ServerRoles Roles { get; } = Roles ?? ServerRoles.All;

    public bool LogIsInPostgres => Log == StoreSettings.PostgreSql;
    public bool LogIsOnServer => Log != StoreSettings.Sqlite;
    public bool ModelsAreInPostgres => Store == StoreSettings.PostgreSql;

    /// <summary>Whether other processes can work on them too.</summary>
    public bool CanBeShared => LogIsOnServer && ModelsAreInPostgres;
}
