using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Telemetry.Sqlite;

/// <summary>Chooses the SQLite that both stores run on: the system's where there is one, else the one that came with the package.</summary>
internal static class SqliteLibrary
{
    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>The version in use. Has to be asked for once before the first connection.</summary>
    public static string Version => Loaded.Value;

    private static string Load()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(Assembly.Load("SQLitePCLRaw.provider.e_sqlite3"), static (name, _, _) =>
                name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var handle) ? handle : 0);
        }
        catch (InvalidOperationException)
        {
            // The other store was here first: a resolver can be set once per process.
        }
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        return connection.ServerVersion;
    }
}
