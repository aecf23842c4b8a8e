using System.Text;
using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;
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
    [InlineData("a: 1", "a.yaml:1: It is neither a list of event definitions or of dynamic pollsters, nor a map")]
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

    private const string Full = """
        {"message_id": "m", "publisher_id": "compute.h1", "event_type": "a.b.end", "priority": "INFO", "timestamp": "2026-11-20 10:00:00", "_context_project_id": "cp", "_context_user_id": "cu", "_context_request_id": "req",
         "payload": {"id": "r", "size": 5, "none": null, "zero": 0, "empty": "", "at": "2026-11-20T09:00:00", "tenant_id": "p", "user_id": "u", "long": "LONG", "items": [{"n": "x", "v": 1, "u": "B"}, {"n": "y", "v": 2, "u": "KB"}],
          "metadata": {"metering.k": "v", "other": 1}}}
        """;

    /// <summary>What each key of a meter's definition does: event_type, unit, volume, owner, timestamp, metadata, lookup.</summary>
    [Theory]
    [InlineData("event_type: a.b.end", "m gauge 5 B r - - 10:00:00")]
    [InlineData("event_type: a.b", "m gauge 5 B r - - 10:00:00")] // from the start, not to the end
    [InlineData("event_type: b.end", "")]
    [InlineData("event_type: 'a\\..*\\.(start|end)$'", "m gauge 5 B r - - 10:00:00")]
    [InlineData("event_type: [x, a.b.*]", "m gauge 5 B r - - 10:00:00")]
    [InlineData("event_type: a, unit: GiB", "m gauge 5 GiB r - - 10:00:00")] // a text that is no path of the notification
    [InlineData("event_type: a, unit: '$.payload.items[1].u'", "m gauge 5 KB r - - 10:00:00")]
    [InlineData("event_type: a, volume: 1", "m gauge 1 B r - - 10:00:00")]
    [InlineData("event_type: a, volume: [$.payload.none, $.payload.zz, $.payload.zero]", "m gauge 0 B r - - 10:00:00")] // the first that is not null
    [InlineData("event_type: a, volume: '$.payload.items[?n=y].v * 10'", "m gauge 20 B r - - 10:00:00")]
    [InlineData("event_type: a, project_id: $.payload.tenant_id, user_id: $.ctxt.user_id", "m gauge 5 B r p cu 10:00:00")]
    [InlineData("event_type: a, timestamp: $.payload.at", "m gauge 5 B r - - 09:00:00")]
    [InlineData("event_type: a, metadata: {a: $.payload.id, b: $.payload.zero, c: $.payload.empty, d: $.payload.none, e: $.publisher_id}", "m gauge 5 B r - - 10:00:00 {\"a\":\"r\",\"e\":\"compute.h1\"}")]
    [InlineData("event_type: a, user_metadata: $.payload.metadata", "m gauge 5 B r - - 10:00:00 {\"user_metadata\":{\"k\":\"v\"}}")]
    [InlineData("event_type: a, name: '$.payload.items[*].n', volume: '$.payload.items[*].v', unit: '$.payload.items[*].u', lookup: [name, volume, unit]", "x gauge 1 B r - - 10:00:00, y gauge 2 KB r - - 10:00:00")]
    [InlineData("event_type: a, name: '$.payload.items[*].n', volume: '$.payload.items[*].v', lookup: [name, volume]", "x gauge 1 B r - - 10:00:00, y gauge 2 B r - - 10:00:00")] // one unit for all
    [InlineData("event_type: a, name: '$.payload.items[*].n', volume: $.payload.size, lookup: [name]", "x gauge 5 B r - - 10:00:00, y gauge 5 B r - - 10:00:00")]
    [InlineData("event_type: a, name: '$.payload.items[*].n', volume: '$.payload.items[0].v', lookup: [name, volume]", "")] // looked up, and not as many
    [InlineData("event_type: a, name: '$.payload.none[*].n', lookup: name", "")]
    public void A_meter_is_made_as_its_definition_says(string keys, string samples)
    {
        var given = YamlValue.Parse("f", $"{{{keys}}}").Entries();
        var rest = new Dictionary<string, string> { ["name"] = "m", ["type"] = "gauge", ["unit"] = "B", ["volume"] = "$.payload.size", ["resource_id"] = "$.payload.id" }
            .Where(k => !given.ContainsKey(k.Key)).Select(k => $"{k.Key}: {k.Value}");
        var file = Write("meters.yaml", $"metric: [{{{string.Join(", ", rest.Append(keys))}}}]");

        var made = new DefinitionFiles([file]).Load().Convert(Encoding.UTF8.GetBytes(Full)).Samples;

        Assert.Equal(samples, string.Join(", ", made.Select(s => string.Join(' ', s.Series.Meter, s.Series.Type.Name(), $"{s.Volume}", s.Series.Unit, s.Series.ResourceId, s.Series.ProjectId ?? "-", s.Series.UserId ?? "-",
            UnixMicroseconds.Format(s.Timestamp)[11..] + (keys.Contains("metadata", StringComparison.Ordinal) ? $" {s.Metadata}" : "")))));
    }

    private const string Defaults = "service=compute.h1 request_id=req project_id=p user_id=u tenant_id=p";

    /// <summary>What an entry of event definitions does: event_type, the default traits, types, null and empty values, lengths.</summary>
    [Theory]
    [InlineData("a.b.end", "{}", Defaults)]
    [InlineData("a.*", "{}", Defaults)]
    [InlineData("'a.?.[d-f]nd'", "{}", Defaults)]
    [InlineData("[x, 'a.*']", "{}", Defaults)]
    [InlineData("['!x', '!y.*']", "{}", Defaults)] // only exclusions: everything else
    [InlineData("['a.*', '!*.start']", "{}", Defaults)]
    [InlineData("['a.*', '!*.end']", "{}", null)]
    [InlineData("'b.*'", "{}", null)]
    [InlineData("a.b", "{}", null)] // the whole type
    [InlineData("a.*", "{t: payload.id}", Defaults + " t=r")] // a bare path is text
    [InlineData("a.*", "{t: {fields: payload.size}}", Defaults + " t=5")]
    [InlineData("a.*", "{t: {fields: payload.size, type: int}, f: {fields: payload.size, type: float}, d: {fields: payload.at, type: datetime}}", Defaults + " t:integer=5 f:float=5.0 d:datetime=2026-11-20T09:00:00")]
    [InlineData("a.*", "{t: {fields: [payload.none, payload.zz, payload.id]}}", Defaults + " t=r")]
    [InlineData("a.*", "{t: payload.none, e: payload.empty, i: {fields: payload.empty, type: int}, d: {fields: payload.empty, type: datetime}, z: {fields: payload.zero, type: int}}", Defaults + " e= z:integer=0")]
    [InlineData("a.*", "{service: payload.id, user_id: payload.none}", "service=r request_id=req project_id=p tenant_id=p")] // in place of the default ones
    [InlineData("a.*", "{t: {fields: payload.id, plugin: {name: map, parameters: {values: {r: 7}}}, type: int}}", Defaults + " t:integer=7")]
    public void An_event_is_made_as_its_definition_says(string eventType, string traits, string? expected)
    {
        var file = Write("events.yaml", $"- {{event_type: {eventType}, traits: {traits}}}");

        var made = new DefinitionFiles([], file, DropUnmatched: true).Load().Convert(Encoding.UTF8.GetBytes(Full)).Events;

        Assert.Equal(expected, made is [var one] ? string.Join(' ', one.Traits.Select(t => $"{t.Name}{(t.Type == TraitType.Text ? "" : $":{t.Type.Name()}")}={t.Text}")) : null);
        if (made is [var e])
            Assert.Equal(("m", "a.b.end", "2026-11-20T10:00:00", "{}"), (e.MessageId, e.EventType, UnixMicroseconds.Format(e.GeneratedAt), e.Raw.ToString()));
    }

    [Fact]
    public void Of_the_entries_that_match_the_last_counts_and_one_for_all_types_replaces_the_default()
    {
        var file = Write("events.yaml", "- {event_type: '*', traits: {first: payload.id}}\n- {event_type: 'a.*', traits: {second: payload.id}}\n- {event_type: 'b.*', traits: {third: payload.id}}");
        string Last(string eventType) => Assert.Single(new DefinitionFiles([], file).Load().Convert(Encoding.UTF8.GetBytes(Full.Replace("a.b.end", eventType, StringComparison.Ordinal))).Events).Traits[^1].Name;

        Assert.Equal(["second", "third", "first"], [Last("a.b.end"), Last("b.x"), Last("c")]);
    }

    [Fact]
    public void Traits_of_text_are_cut_and_the_context_owns_what_the_payload_does_not_say()
    {
        var file = Write("events.yaml", "- {event_type: 'a.*', traits: {long: payload.long}}");
        var message = Full.Replace("LONG", new string('é', 300), StringComparison.Ordinal).Replace("\"tenant_id\": \"p\", \"user_id\": \"u\", ", "", StringComparison.Ordinal);

        var made = Assert.Single(new DefinitionFiles([], file).Load().Convert(Encoding.UTF8.GetBytes(message)).Events);

        Assert.Equal(new string('é', 255), made["long", TraitType.Text].Text);
        Assert.Equal(("cp", "cp", "cu"), (made["project_id", TraitType.Text].Text, made["tenant_id", TraitType.Text].Text, made["user_id", TraitType.Text].Text));
    }

    [Fact]
    public void A_pattern_that_takes_too_long_on_a_type_costs_its_meter_and_nothing_else()
    {
        var file = Write("meters.yaml", """
            metric:
            - {name: good, event_type: 'a+', type: gauge, unit: B, volume: 1, resource_id: $.payload.id}
            - {name: bad, event_type: '(a+)+(?!x)b', type: gauge, unit: B, volume: 1, resource_id: $.payload.id}
            """);
        var message = Encoding.UTF8.GetBytes(Full.Replace("a.b.end", new string('a', 200), StringComparison.Ordinal));
        var converter = new DefinitionFiles([file]).Load();

        var converted = converter.Convert(message);

        Assert.Equal("good", Assert.Single(converted.Samples).Series.Meter);
        Assert.Single(converted.Events);
        Assert.Matches(@"^Meter 'bad': the pattern '.*\(a\+\)\+\(\?!x\)b.*' takes too long on the type 'aaa", Assert.Single(converted.Problems));
        Assert.Empty(converter.Convert(message).Problems); // and is not tried again on this type
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
