using System.Text.Json;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Definitions;

namespace Telemetry.Ingest.Tests.Definitions;

public sealed class FieldPluginTests
{
    private static readonly JsonElement Notification = JsonElement.Parse("""
        {"payload": {"host": "node1.example.org", "n": 5, "start": "2026-11-20T10:00:00", "end": "2026-11-20 11:00:01.5+01:00", "state": "Active", "power": "on", "none": null,
         "list": ["a.b", "c"]}}
        """);

    [Theory]
    [InlineData("{fields: payload.host, plugin: split}", "node1")]
    [InlineData("{fields: payload.host, plugin: {name: split, parameters: {segment: 2}}}", "org")]
    [InlineData("{fields: payload.host, plugin: {name: split, parameters: {segment: 9}}}", "")]
    [InlineData("{fields: payload.host, plugin: {name: split, parameters: {segment: 1, max_split: 1}}}", "example.org")]
    [InlineData("{fields: payload.host, plugin: {name: split, parameters: {separator: e, segment: 1}}}", "1.")]
    [InlineData("{fields: 'payload.list[*]', plugin: split}", "a c")]
    [InlineData("{fields: payload.none, plugin: split}", "")]
    [InlineData("{fields: [payload.start, payload.end], plugin: timedelta}", "1.5")]
    [InlineData("{fields: [payload.end, payload.start], plugin: timedelta}", "1.5")]
    [InlineData("{fields: [payload.start, payload.none], plugin: timedelta}", "")]
    [InlineData("{fields: [payload.start, payload.host], plugin: timedelta}", "")]
    [InlineData("{fields: payload.state, plugin: {name: map, parameters: {values: {Active: 1, down: 0}}}}", "1")]
    [InlineData("{fields: payload.state, plugin: {name: map, parameters: {values: {active: 1}, default: -1}}}", "-1")]
    [InlineData("{fields: payload.state, plugin: {name: map, parameters: {values: {active: up}, case_sensitive: false}}}", "up")]
    [InlineData("{fields: payload.state, plugin: {name: map, parameters: {values: {other: 1}}}}", "")]
    [InlineData("{fields: payload.n, plugin: {name: map, parameters: {values: {5: five}}}}", "five")]
    [InlineData("{fields: [payload.state, payload.power], plugin: {name: bitfield, parameters: {initial_bitfield: 8, flags: [{path: payload.state, bit: 0, value: Active}, {path: payload.power, bit: 1, value: off}, {path: payload.power, bit: 2}]}}}", "13")]
    [InlineData("{fields: payload.none, plugin: {name: bitfield, parameters: {initial_bitfield: 2, flags: [{path: payload.none, bit: 0}]}}}", "2")]
    public void A_plugin_makes_its_values_of_what_the_paths_found(string yaml, string values) =>
        Assert.Equal(values, string.Join(' ', FieldSource.Read(YamlValue.Parse("f", yaml)).Values(Notification)));
}
