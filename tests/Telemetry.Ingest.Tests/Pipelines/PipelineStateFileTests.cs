using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Ingest.Pipelines;

namespace Telemetry.Ingest.Tests.Pipelines;

public sealed class PipelineStateFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-state").FullName;

    private string Path => System.IO.Path.Combine(_folder, "pipelines.json");
    private PipelineStateFile File => new(Path, NullLogger<PipelineStateFile>.Instance);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_rate_goes_on_after_a_restart()
    {
        var before = Rates();
        Run(before, 10, 0);
        File.Save(before);
        var after = Rates();
        File.Load(after);

        Assert.Equal([2.0], Run(after, 30, 10));
        Assert.Equal(["pipelines.json"], Directory.GetFiles(_folder).Select(System.IO.Path.GetFileName));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"k": 5}""")]
    [InlineData("""{"k": {"transformers": "{\"name\":\"rate_of_change\"}"}}""")]
    [InlineData("""{"k": {"transformers": "{\"name\":\"rate_of_change\"}", "states": [{}]}}""")]
    [InlineData("""{"k": {"transformers": "{\"name\":\"rate_of_change\"}", "states": [[["cpu", "r1", 5, 1], ["cpu"]]]}}""")]
    public void A_file_that_cannot_be_read_changes_nothing(string text)
    {
        System.IO.File.WriteAllText(Path, text);
        var pipelines = Rates();
        File.Load(pipelines);

        Assert.Empty(Run(pipelines, 10, 0));
        Assert.Equal([1.0], Run(pipelines, 20, 10));
    }

    [Fact]
    public void Without_a_file_or_anything_to_remember_nothing_happens()
    {
        File.Load(Rates());
        File.Save(SamplePipelines.Default());

        Assert.Empty(Directory.GetFiles(_folder));
    }

    private static SamplePipelines Rates() => SamplePipelines.Read("f",
        "{sources: [{name: s, meters: ['*'], sinks: [k]}], sinks: [{name: k, publishers: [store], transformers: [{name: rate_of_change}]}]}");

    private static IEnumerable<double> Run(SamplePipelines pipelines, double volume, double second) =>
        pipelines.Process([InFlight.Of(volume: volume, second: second)], DateTimeOffset.UnixEpoch).SelectMany(p => p.Samples).Select(s => s.Volume);
}
