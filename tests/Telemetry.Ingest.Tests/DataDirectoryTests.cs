using Telemetry.Conformance;

namespace Telemetry.Ingest.Tests;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    private string Data => Path.Combine(_temporary.Path, "deep", "data");

    [Fact]
    public void It_is_made_where_there_is_none()
    {
        using var directory = DataDirectory.Open(Data);

        Assert.True(Directory.Exists(Data));
        Assert.Equal(Path.Combine(Data, "events.db"), directory.PathOf("events.db"));
    }

    [Fact]
    public void A_second_taker_is_refused_with_the_first_ones_process_id()
    {
        using var first = DataDirectory.Open(Data);

        var error = Assert.Throws<DataDirectoryInUseException>(() => DataDirectory.Open(Data));

        Assert.Equal(Environment.ProcessId, error.Holder);
        Assert.Equal($"The data directory '{Data}' is in use by process {Environment.ProcessId}. Stop it first, or choose another directory with --data.", error.Message);
    }

    [Fact]
    public void One_that_cannot_be_made_is_named()
    {
        File.WriteAllText(Path.Combine(_temporary.Path, "deep"), "a file");

        Assert.StartsWith($"The data directory '{Data}' cannot be made or written to: ", Assert.Throws<IOException>(() => DataDirectory.Open(Data)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_free_again_once_it_was_given_back()
    {
        DataDirectory.Open(Data).Dispose();
        DataDirectory.Open(Data).Dispose();

        Assert.True(File.Exists(Path.Combine(Data, "telemetry.lock")));
    }

    [Fact]
    public void What_a_killed_process_left_holds_nobody_up()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "telemetry.lock"), "");
        File.WriteAllText(Path.Combine(Data, "telemetry.pid"), "99999999");

        using var directory = DataDirectory.Open(Data);
        Assert.Equal(Environment.ProcessId, Assert.Throws<DataDirectoryInUseException>(() => DataDirectory.Open(Data)).Holder);
    }

    public void Dispose() => _temporary.Dispose();
}
