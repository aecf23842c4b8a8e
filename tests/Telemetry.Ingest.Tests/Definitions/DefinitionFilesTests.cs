using System.Text;
using System.Text.Json;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Definitions;

namespace Telemetry.Ingest.Tests.Definitions;

public sealed class DefinitionFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-definitions").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("metric: [{name: a, type: gauge, unit: B, volume: 1, resource_id: $.payload.id}]", "a.yaml:1: 'event_type' is missing.")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  type: gouge\n  unit: B\n  volume: 1\n  resource_id: id", "a.yaml:4: 'gouge' is no type; a type is gauge, delta or cumulative, or a path where 'lookup' names it.")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  type: gauge\n  unit: B\n  volume: $.payload.[\n  resource_id: id", "a.yaml:6: Path '$.payload.[' ends where more is expected.")]
    [InlineData("metric:\n- name: a\n  event_type: '('\n  type: gauge\n  unit: B\n  volume: 1\n  resource_id: id", "a.yaml:3: '(' is no regular expression")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  typ: gauge", "a.yaml:4: 'typ' is not known here")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  type: gauge\n  unit: B\n  volume: 1\n  resource_id: id\n  lookup: colour", "a.yaml:8: 'colour' cannot be looked up")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  type: gauge\n  unit: B\n  volume: {fields: [a, b], plugin: timedelta}\n  resource_id: id\n  lookup: volume", "a.yaml:8: 'volume' has a plugin that gives one value")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  type: gauge\n  unit: B\n  volume: {plugin: timedelta}\n  resource_id: id", "a.yaml:6: 'fields' is missing.")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  type: gauge\n  unit: B\n  volume: {fields: a, plugin: cas}\n  resource_id: id", "a.yaml:6: There is no plugin 'cas'")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  type: gauge\n  unit: B\n  volume: {fields: a, plugin: {name: map}}\n  resource_id: id", "a.yaml:6: Plugin 'map' needs the parameter 'values'.")]
    [InlineData("metric:\n- name: a\n  event_type: x\n  type: gauge\n  unit: B\n  volume: {fields: a, plugin: {name: bitfield, parameters: {flags: [{path: a, bit: 64}]}}}\n  resource_id: id", "a.yaml:6: 64 is no bit")]
    [InlineData("- traits: {}", "a.yaml:1: 'event_type' is missing.")]
    [InlineData("- event_type: x", "a.yaml:1: 'traits' is missing.")]
    [InlineData("- event_type: x\n  traits:\n    a: {fields: payload.a, type: number}", "a.yaml:3: 'number' is no type of a trait; a type is text, int, float or datetime.")]
    [InlineData("- event_type: x\n  traits:\n    a: {type: int}", "a.yaml:3: 'fields' is missing.")]
    [InlineData("- event_type: []\n  traits: {}", "a.yaml:1: The list of patterns is empty.")]
    [InlineData("- event_type: x\n  traits:\n    a: payload.a b", "a.yaml:3: Path 'payload.a b': 'b' is not expected at character 11.")]
    [InlineData("- {event_type: x, traits: {}", "a.yaml:2: ")] // where it ends
    [InlineData("", "a.yaml:1: The file is empty.")]
    [InlineData("a: 1", "a.yaml:1: It is neither a list of event definitions, nor a map")]
    [InlineData("- &a [*a]", "a.yaml:1: ")]
    public void A_wrong_file_is_refused_with_file_line_and_reason(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationFileException>(() => DefinitionFiles.Check(Write("a.yaml", text))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_there_is_refused() =>
        Assert.Contains("cannot be read", Assert.Throws<ConfigurationFileException>(() => DefinitionFiles.Check(Path.Combine(_folder, "none.yaml"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Nested_aliases_do_not_make_a_small_file_large()
    {
        var text = new StringBuilder("- event_type: a0\n  traits: &a0 {x: payload.x}\n");
        for (var i = 1; i < 9; i++)
            text.AppendLine($"- event_type: a{i}\n  traits: &a{i}\n    <<: [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]");

        Assert.Contains("Too large once its aliases are followed", Assert.Throws<ConfigurationFileException>(() => DefinitionFiles.Check(Write("bomb.yaml", text.ToString()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused() =>
        Assert.Contains("Nested deeper", Assert.Throws<ConfigurationFileException>(() => DefinitionFiles.Check(Write("deep.yaml", new string('[', 100_000)))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_right_file_says_what_is_in_it()
    {
        Assert.EndsWith("meters.yaml: 38 meter definitions.", DefinitionFiles.Check(Write("meters.yaml", ShippedDefinitions.Text("meters.yaml"))), StringComparison.Ordinal);
        Assert.EndsWith("event definitions.", DefinitionFiles.Check(Write("events.yaml", ShippedDefinitions.Text("event_definitions.yaml"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Pipeline_files_are_checked_too()
    {
        static string Pipeline(string kind) => $"{{sources: [{{name: s, {kind}: ['*'], sinks: [k]}}], sinks: [{{name: k, publishers: [store]}}]}}";

        Assert.EndsWith("1 sources of meters.", DefinitionFiles.Check(Write("pipeline.yaml", Pipeline("meters"))), StringComparison.Ordinal);
        Assert.EndsWith("1 sources of events.", DefinitionFiles.Check(Write("event_pipeline.yaml", Pipeline("events"))), StringComparison.Ordinal);
        Assert.Contains("'meters' is missing", Assert.Throws<ConfigurationFileException>(() => DefinitionFiles.Check(Write("wrong.yaml", Pipeline("metres").Replace("metres: ['*'], ", "", StringComparison.Ordinal)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Definitions_can_be_tried_with_a_message()
    {
        var result = JsonElement.Parse(DefinitionFiles.Shipped.Try("""
            {"message_id": "m", "publisher_id": "p", "event_type": "image.update", "priority": "INFO", "payload": {"id": "r", "size": 5, "name": "ż"}, "timestamp": "2026-11-20 10:00:00"}
            """u8.ToArray()));

        Assert.Equal("image.size", result.GetProperty("samples")[0].GetProperty("name").GetString());
        Assert.Equal("integer", result.GetProperty("events")[0].GetProperty("traits").EnumerateArray().Single(t => t.GetProperty("name").GetString() == "size").GetProperty("type").GetString());
        Assert.Equal(0, result.GetProperty("problems").GetArrayLength());
    }

    [Fact]
    public void Of_equal_names_the_first_file_counts_and_in_one_file_the_last()
    {
        static string Meter(string name, int volume) => $"- {{name: {name}, event_type: x, type: gauge, unit: B, volume: {volume}, resource_id: $.payload.id}}\n";
        Write("2.yaml", "metric:\n" + Meter("a", 20) + Meter("b", 21));
        Write("1.yaml", "metric:\n" + Meter("a", 10) + Meter("a", 11));

        var converted = new DefinitionFiles([_folder]).Load().Convert(Message());

        Assert.Equal([("a", 11.0), ("b", 21.0)], converted.Samples.Select(s => (s.Series.Meter, s.Volume)).Order());
    }

    [Fact]
    public void A_site_can_put_its_own_meter_in_place_of_a_shipped_one()
    {
        var own = Write("own.yaml", "metric: [{name: image.size, event_type: x, type: gauge, unit: MB, volume: 7, resource_id: $.payload.id}]");

        var sample = Assert.Single(new DefinitionFiles([own]).Load().Convert(Message()).Samples);

        Assert.Equal(("image.size", "MB", 7.0), (sample.Series.Meter, sample.Series.Unit, sample.Volume));
    }

    [Fact]
    public void Notifications_without_a_definition_give_an_event_with_the_default_traits_or_none()
    {
        Assert.Equal("x", Assert.Single(DefinitionFiles.Shipped.Load().Convert(Message()).Events).EventType);
        Assert.Empty(new DefinitionFiles([], DropUnmatched: true).Load().Convert(Message()).Events);
    }

    private static byte[] Message() => """
        {"message_id": "m", "publisher_id": "p", "event_type": "x", "priority": "INFO", "payload": {"id": "r"}, "timestamp": "2026-11-20 10:00:00"}
        """u8.ToArray();

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
