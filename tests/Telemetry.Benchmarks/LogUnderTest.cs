using System.Globalization;
using Telemetry.Conformance;

namespace Telemetry.Benchmarks;

/// <summary>An empty log of any kind, and read models in a data directory or beside the log in PostgreSQL; gone at the end.</summary>
internal sealed class LogUnderTest : IAsyncDisposable
{
    private readonly TemporaryDirectory _data = new();
    private readonly PostgresServer? _server;
    private readonly PostgresDatabase? _database;

    private readonly bool _models;

    private readonly bool _eventStoreDb;

    private LogUnderTest(PostgresServer? server = null, PostgresDatabase? database = null, bool models = false, bool eventStoreDb = false) =>
        (_server, _database, _models, _eventStoreDb) = (server, database, models, eventStoreDb);

    public string Data => _data.Path;

    /// <summary>Of the command line.</summary>
    public string[] Options => _eventStoreDb ? ["--log", EventStoreDbServer.ConnectionString] : _database is null ? [] : ["--log", "postgres", "--postgres", _database.ConnectionString, .. _models ? ["--store", "postgres"] : Array.Empty<string>()];

    /// <summary>The same as variables.</summary>
    public Dictionary<string, string> Settings =>
        _eventStoreDb ? new() { ["TELEMETRY__Log"] = EventStoreDbServer.ConnectionString, ["TELEMETRY__EventLog__Prefix"] = EventStoreDbServer.NewPrefix() }
        : _database is null ? [] : new()
        {
            ["TELEMETRY__Log"] = "postgres",
            ["TELEMETRY__Store"] = _models ? "postgres" : "sqlite",
            ["TELEMETRY__Postgres"] = _database.ConnectionString,
        };

    /// <summary>What the database's processes have used; 0 for one that was given.</summary>
    public double CpuSeconds => _server is { ProcessId: > 0 } ? _server.Processes.Sum(CpuSecondsOf) : 0;

    /// <summary>SQLite alone, or with another in turn.</summary>
    public static string[] Kinds(string? log) => log switch
    {
        null or "sqlite" => ["sqlite"],
        "postgres" => ["sqlite", "postgres"],
        "esdb" => ["sqlite", "esdb"],
        _ => throw new ArgumentException($"'{log}' in --log is none of sqlite, postgres and esdb."),
    };

    /// <param name="models">Whether the read models are in PostgreSQL too.</param>
    public static async Task<LogUnderTest> CreateAsync(string log, bool models = false)
    {
        if (log == "esdb")
        {
            Console.WriteLine(EventStoreDbServer.Description);
            return new LogUnderTest(eventStoreDb: true);
        }
        if (log != "postgres")
            return new LogUnderTest();
        var server = await PostgresServer.SharedAsync();
        return new LogUnderTest(server, await server.CreateDatabaseAsync(), models);
    }

    /// <summary>What the read models take on disk.</summary>
    public async Task<long> ReadModelBytesAsync() => Directory.EnumerateFiles(Data, "read-model.db*").Sum(f => new FileInfo(f).Length) + (_models ? await BytesAsync("read_models") : 0);

    /// <summary>Throws the read models away. No server may be running.</summary>
    public async Task DropReadModelsAsync()
    {
        foreach (var file in Directory.EnumerateFiles(Data, "read-model.db*"))
            File.Delete(file);
        if (_models)
            await _database!.ExecuteAsync("drop schema read_models cascade");
    }

    /// <summary>What the log takes on disk.</summary>
    public async Task<long> BytesAsync() => _database is null ? IngestBenchmark.LogBytes(Data) : await BytesAsync("event_log");

    public async ValueTask DisposeAsync()
    {
        _data.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    private Task<long> BytesAsync(string schema) => _database!.ScalarAsync<long>(
        $"select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class where relnamespace = '{schema}'::regnamespace and relkind = 'r'");

    /// <summary>User and system time, of the process and of those of its children that have ended (proc(5), stat, fields 14 to 17).</summary>
    private static double CpuSecondsOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[11..15].Sum(f => double.Parse(f, CultureInfo.InvariantCulture)) / 100;
        }
        catch (IOException)
        {
            return 0; // has ended
        }
    }
}
