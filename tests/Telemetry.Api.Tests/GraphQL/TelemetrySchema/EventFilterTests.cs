using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>Conditions on telemetry events: on one trait by its name, and on all of them.</summary>
public sealed class EventFilterTests
{
    [Theory]
    [InlineData("traits: {some: {name: {eq: \"state\"}, string: {eq: \"active\"}}}", "both")]
    [InlineData("traits: {some: {name: {eq: \"state\"}}}", "both text")]
    [InlineData("traits: {some: {integer: {gt: 1}}}", "both number")]
    [InlineData("traits: {some: {name: {startsWith: \"si\"}}}", "both number")]
    [InlineData("traits: {some: {or: [{string: {eq: \"error\"}}, {integer: {eq: 7}}]}}", "number text")]
    [InlineData("traits: {some: {and: [{name: {eq: \"state\"}}, {integer: {eq: 7}}]}}", "")]
    [InlineData("traits: {none: {name: {eq: \"state\"}}}", "none number")]
    [InlineData("traits: {none: {integer: {gt: 1}}}", "none text")]
    [InlineData("traits: {all: {name: {eq: \"state\"}}}", "none text")]
    [InlineData("traits: {all: {integer: {gt: 1}}}", "none number")]
    [InlineData("traits: {any: true}", "both number text")]
    [InlineData("traits: {any: false}", "none")]
    [InlineData("type: {eq: \"t\"}, traits: {any: true, none: {integer: {eq: 7}}}", "both text")]
    public async Task Traits_are_told_by_name_and_value_one_by_one_and_together(string where, string expected)
    {
        await using var host = await TelemetryHost.StartAsync();
        await host.RecordEventsAsync(
            Event("none"), Event("text", new Trait("state", QueryValue.Of("error"))), Event("number", new Trait("size", QueryValue.Of(7))),
            Event("both", new Trait("state", QueryValue.Of("active")), new Trait("size", QueryValue.Of(3))));

        var found = (await host.AskAsync($"{{ events(where: {{{where}}}) {{ nodes {{ messageId }} }} }}", null, TelemetryHost.Admin))["events"]!["nodes"]!.AsArray();

        Assert.Equal(expected, string.Join(' ', found.Select(e => e!["messageId"]!.GetValue<string>()).Order(StringComparer.Ordinal)));
    }

    private static TelemetryEvent Event(string id, params Trait[] traits) => new(id, "t", UnixMicroseconds.From(TelemetryHost.Now), traits);
}
