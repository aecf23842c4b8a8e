using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Projections.Stores.Sqlite;

namespace Telemetry.Projections.Tests.Stores;

public sealed class SqliteStoringTests : StoringConformance
{
    private protected override Task<StorePlace> PlaceAsync() => Task.FromResult<StorePlace>(new SqlitePlace());
}

public sealed class SqliteAuditTreeTests : AuditTreeConformance
{
    private protected override Task<StorePlace> PlaceAsync() => Task.FromResult<StorePlace>(new SqlitePlace());
}

public sealed class SqliteEventTests : EventConformance
{
    private protected override Task<StorePlace> PlaceAsync() => Task.FromResult<StorePlace>(new SqlitePlace());
}

public sealed class SqliteRunningTests : RunningConformance
{
    private protected override Task<StorePlace> PlaceAsync() => Task.FromResult<StorePlace>(new SqlitePlace());

    [Theory]
    [InlineData("header")] // no database at all
    [InlineData("pages")] // a database whose pages are torn
    [InlineData("schema")] // of another version of the program
    public Task A_file_that_does_not_fit_is_built_anew(string fault) => A_read_model_that_does_not_fit_is_built_anew(fault);

    [Theory]
    [InlineData("header")]
    [InlineData("pages")]
    [InlineData("schema")]
    public Task A_rebuild_without_a_started_runner_replaces_any_file(string fault) => A_rebuild_without_a_started_runner_replaces_whatever_is_stored(fault);

    private protected override void Damage(string fault)
    {
        var path = ((SqlitePlace)Place).FilePath;
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=false"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = fault switch
            {
                "schema" => "pragma user_version = 99;",
                "ahead" => "update projection set position = 1000;",
                "other version" => "update projection set version = 0;",
                "missing table" => "drop table state_samples_1;",
                _ => "",
            } + "pragma wal_checkpoint(truncate);";
            command.ExecuteNonQuery();
        }
        if (fault is not ("header" or "pages"))
            return;
        var bytes = File.ReadAllBytes(path);
        bytes.AsSpan(fault == "header" ? 0 : 3 * 8192).Fill(0x5a);
        File.WriteAllBytes(path, bytes);
    }
}

public sealed class ReadModelDatabaseTests
{
    [Fact]
    public void Dropping_tables_does_not_write_their_pages()
    {
        using var directory = new TemporaryDirectory();
        using var database = new ReadModelDatabase(directory.File("read-model.db"), NullLogger.Instance);
        using var lease = database.Connect();
        lease.Execute("create table large (data blob); insert into large values (zeroblob(4000000)); pragma wal_checkpoint(truncate);");

        lease.Execute("drop table large");

        Assert.InRange(new FileInfo(directory.File("read-model.db-wal")).Length, 1, 400_000);
    }
}
