using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>The files that say what is made of notifications, from the command line and at the start of the server.</summary>
public sealed class DefinitionsCommandTests : IDisposable
{
    private const string BadMeters = "metric:\n  - name: a\n    event_type: x\n    type: gouge\n    unit: B\n    volume: 1\n    resource_id: $.payload.id\n";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Check_says_what_is_in_a_file_and_what_is_wrong_with_another_by_line()
    {
        var (good, bad) = (_directory.File("pipeline.yaml"), _directory.File("meters.yaml"));
        await File.WriteAllTextAsync(good, "{sources: [{name: s, meters: ['*'], sinks: [k]}], sinks: [{name: k, publishers: [store]}]}", Cancelled);
        await File.WriteAllTextAsync(bad, BadMeters, Cancelled);

        var (code, output, error) = await ServerProcess.RunAsync("definitions", "check", good, bad);

        Assert.Equal(1, code);
        Assert.Equal($"{good}: 1 sources of meters.", output.Trim());
        Assert.Matches($"^telemetry: {bad}:4: .*gouge", error);
    }

    [Fact]
    public async Task Try_prints_the_samples_and_events_of_a_message()
    {
        var file = _directory.File("message.json");
        await File.WriteAllBytesAsync(file, CloudProducer.Notification("image.upload", new { id = "i", size = 42, owner = "p" }), Cancelled);

        var (code, output, error) = await ServerProcess.RunAsync("definitions", "try", "--message", file);

        Assert.True(code == 0, error);
        var printed = JsonElement.Parse(output);
        Assert.Contains(printed.GetProperty("samples").EnumerateArray(), s => s.GetProperty("name").GetString() == "image.size" && s.GetProperty("volume").GetDouble() == 42);
        Assert.Equal("image.upload", printed.GetProperty("events")[0].GetProperty("event_type").GetString());
        Assert.Equal(1, (await ServerProcess.RunAsync("definitions", "try", "--message", _directory.File("none.json"))).Code);
    }

    [Theory]
    [InlineData("TELEMETRY__Notifications__MeterDefinitions__0", BadMeters, ":4: ")]
    [InlineData("TELEMETRY__Notifications__EventDefinitions", "- traits: {a: {fields: $.payload.a}}\n", ":1: ")]
    [InlineData("TELEMETRY__Pipelines__Samples", "{sources: [], sinks: [{name: k, publishers: [kafka]}]}", ":1: ")]
    [InlineData("TELEMETRY__Pipelines__Events", "{sources: [{name: s, events: ['*'], sinks: [none]}], sinks: []}", ":1: ")]
    public async Task A_wrong_file_stops_the_start_with_file_line_and_reason(string setting, string text, string where)
    {
        var file = _directory.File("wrong.yaml");
        await File.WriteAllTextAsync(file, text, Cancelled);

        var stopped = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(_directory.File("data"), new Dictionary<string, string> { [setting] = file }));

        Assert.Contains("ended with code 2", stopped.Message, StringComparison.Ordinal);
        Assert.Contains($"telemetry: {file}{where}", stopped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TELEMETRY__RabbitMq__Urls__0", "http://broker/", "'http://broker/' is no address of a broker")]
    [InlineData("TELEMETRY__RabbitMq__Exchanges__0", "no/va", "'no/va' in Exchanges is no name")]
    [InlineData("TELEMETRY__RabbitMq__CaFile", "/nowhere/ca.pem", "There is no file '/nowhere/ca.pem'")]
    [InlineData("TELEMETRY__Ingest__Udp__Endpoint", "somewhere", "Endpoint 'somewhere' is no address")]
    public async Task A_wrong_setting_stops_the_start_and_is_named(string setting, string value, string reason)
    {
        var stopped = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(_directory.File("data"), new Dictionary<string, string> { [setting] = value }));

        Assert.Contains(reason, stopped.Message, StringComparison.Ordinal);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;
}
