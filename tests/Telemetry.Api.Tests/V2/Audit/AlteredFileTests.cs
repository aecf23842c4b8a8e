using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.Hosting;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Running;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.Tests.V2.Audit;

/// <summary>A log in its file, changed behind the server's back.</summary>
public sealed class AlteredFileTests
{
    private static readonly (string Table, string Column)[] Columns =
        [("events", "id"), ("events", "recorded_at"), ("events", "type"), ("events", "data"), ("events", "metadata"), ("texts", "text"), ("metadata", "json"), ("series", "type"),
        ("events", "streams"), ("streams", "name")];

    [Fact]
    public async Task A_flipped_bit_anywhere_in_the_log_is_found_and_located_if_it_changes_what_the_log_says()
    {
        using var directory = new TemporaryDirectory();
        var original = directory.File("original");
        var leaves = await FillAsync(original);
        Random random = new(6);
        var found = 0;
        for (var run = 0; run < 40; run++)
        {
            var copy = directory.File($"{run}");
            Directory.CreateDirectory(copy);
            foreach (var file in Directory.EnumerateFiles(original))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            var (table, column) = Columns[run % Columns.Length];
            var row = Flip(Path.Combine(copy, "events.db"), table, column, random);

            var (report, now) = await VerifyAsync(copy);

            // Packed columns have bits that mean nothing; then the log says what it said.
            Assert.True(report?.IsSound != true || leaves.SequenceEqual(now), $"a bit of {table}.{column} was not found");
            Assert.True(
                table != "events" || report?.IsSound != false || report.Faults.Any(f => f.Position == row || f.Leaf == row - 1),
                $"a bit of {table}.{column} at position {row} was found elsewhere: {string.Join("; ", report?.Faults ?? [])}");
            found += report?.IsSound == true ? 0 : 1;
        }
        Assert.InRange(found, 35, 40);
    }

    [Theory]
    [InlineData("delete from events where position = 5", AuditFaultKind.Removed)]
    [InlineData("delete from events where position = (select max(position) from events)", AuditFaultKind.RolledBack)]
    [InlineData("update events set position = 1000 where position = 5; update events set position = 5 where position = 6; update events set position = 6 where position = 1000", AuditFaultKind.Reordered)]
    public async Task A_row_that_was_removed_or_moved_is_found(string sql, AuditFaultKind kind)
    {
        using var directory = new TemporaryDirectory();
        await FillAsync(directory.File("d"));
        Execute(Path.Combine(directory.File("d"), "events.db"), sql);

        var (report, _) = await VerifyAsync(directory.File("d"));

        Assert.Contains(report!.Faults, f => f.Kind == kind);
    }

    private static async Task<List<Digest>> FillAsync(string data)
    {
        await using var provider = Services(data);
        var log = provider.GetRequiredService<IEventStore>();
        for (var i = 0; i < 30; i++)
        {
            var batch = new SampleBatch(
                [.. Enumerable.Range(0, 20).Select(n => new SeriesKey("cpu", SampleType.Gauge, "%", $"r{n % 7}", $"p{n % 3}", null, "test"))],
                [.. Enumerable.Range(0, 20).Select(n => 1_790_812_800_000_000 + ((20L * i) + n) * 1_000_000)],
                [.. Enumerable.Range(0, 20).Select(n => Math.Round(i * 1.7 + n, 2))],
                [.. Enumerable.Range(0, 20).Select(n => Metadata.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"host":"h{{(n + i) % 4}}"}""")))]);
            await log.AppendAsync([new(EventId.FromName([(byte)i]), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))], new("rest", Correlation: $"request {i}"))]);
        }
        var tree = provider.GetServices<IProjection>().Single(p => p is IAuditTree);
        tree.Load();
        var leaves = new List<Digest>();
        await foreach (var e in log.ReadAllAsync())
        {
            tree.Apply(e);
            leaves.Add(CanonicalEvent.Of(e).LeafHash());
        }
        tree.Flush([0]);
        provider.GetRequiredService<AuditLog>().Publish();
        return leaves;
    }

    /// <summary>No report where the log cannot even be opened.</summary>
    private static async Task<(AuditReport? Report, List<Digest> Leaves)> VerifyAsync(string data)
    {
        await using var provider = Services(data);
        var leaves = new List<Digest>();
        IEventStore log;
        try
        {
            log = provider.GetRequiredService<IEventStore>();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or SqliteException)
        {
            return (null, leaves);
        }
        provider.GetServices<IProjection>().Single(p => p is IAuditTree).Load();
        var audit = provider.GetRequiredService<AuditLog>();
        var report = await new LogVerifier(log, audit.Tree, audit.Checkpoints(), audit.Verifier).VerifyAsync();
        if (report.IsSound)
        {
            await foreach (var e in log.ReadAllAsync())
                leaves.Add(CanonicalEvent.Of(e).LeafHash());
        }
        return (report, leaves);
    }

    private static ServiceProvider Services(string data)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddEmbeddedStores(data, start: false);
        return services.BuildServiceProvider();
    }

    /// <returns>The row, in the table of events the position.</returns>
    private static long Flip(string file, string table, string column, Random random)
    {
        using var connection = Open(file);
        using var read = connection.CreateCommand();
        read.CommandText = $"select rowid, typeof({column}), case typeof({column}) when 'integer' then {column} else cast({column} as blob) end from {table} where {column} is not null and length({column}) > 0 order by rowid";
        var rows = new List<(long Row, string Type, object Value)>();
        using (var reader = read.ExecuteReader())
        {
            while (reader.Read())
                rows.Add((reader.GetInt64(0), reader.GetString(1), reader.GetValue(2)));
        }
        while (true)
        {
            var cell = rows[random.Next(rows.Count)];
            if (TryFlip(connection, table, column, cell, random)) // the file's own keys refuse two equal texts
                return cell.Row;
        }
    }

    private static bool TryFlip(SqliteConnection connection, string table, string column, (long Row, string Type, object Value) cell, Random random)
    {
        var (row, type, value) = cell;
        if (value is byte[] bytes)
        {
            value = bytes = [.. bytes];
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(type == "text" ? 6 : 8)); // a text stays one
        }
        else
        {
            value = (long)value ^ (1L << random.Next(2));
        }
        using var write = connection.CreateCommand();
        write.CommandText = type == "text" ? $"update or ignore {table} set {column} = cast($value as text) where rowid = $row" : $"update or ignore {table} set {column} = $value where rowid = $row";
        write.Parameters.AddWithValue("$value", value);
        write.Parameters.AddWithValue("$row", row);
        return write.ExecuteNonQuery() == 1;
    }

    private static void Execute(string file, string sql)
    {
        using var connection = Open(file);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
