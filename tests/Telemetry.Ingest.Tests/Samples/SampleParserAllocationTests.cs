using System.Text;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class SampleParserAllocationTests
{
    // The columns of a sample: series, timestamp, volume and metadata 8 bytes each, an id of 16, a signature of 32.
    private const int ColumnBytes = 4 * 8 + 16 + 32;

    [Fact]
    public void Samples_of_known_series_cost_no_memory_beside_their_columns()
    {
        const int Count = 5_000;
        var body = Encoding.UTF8.GetBytes(Bodies.List([.. Enumerable.Range(0, Count).Select(i => Bodies.Sample(
            ("resource_id", $"\"r{i % 100}\""), ("project_id", $"\"p{i % 7}\""), ("counter_volume", $"{i}.25"),
            ("resource_metadata", $$"""{"display_name": "vm-{{i % 100}}", "vcpus": {{i % 4}}}"""),
            ("message_id", $"\"{Guid.NewGuid()}\""), ("message_signature", $"\"{new string('a', 64)}\"")))]));
        var reader = Bodies.Reader();
        var rules = SampleRules.ForMessages();
        for (var i = 0; i < 3; i++)
            reader.Read(body, SampleFormat.Json, rules);

        var before = GC.GetAllocatedBytesForCurrentThread();
        reader.Read(body, SampleFormat.Json, rules);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(allocated, Count * ColumnBytes, Count * ColumnBytes + 2_000);
    }
}
