using System.Globalization;
using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Rating;

namespace Telemetry.Projections.Tests.Rating;

/// <summary>Instances that are billed from their creation to their deletion, by telemetry events.</summary>
public sealed class LifeTests
{
    private const string Rules = """
          - { name: large, events: { from: compute.instance.create.end, to: compute.instance.delete.end, of: instance_id }, where: { traits.instance_type: m1.large }, by: resource, unit: hour, price: 2 }
          - { name: others, events: { from: compute.instance.create.end, to: compute.instance.delete.end, of: instance_id }, by: resource, unit: hour, price: 1 }
        """;

    private readonly Month _month = new();
    private int _events;

    [Fact]
    public async Task An_instance_is_billed_from_its_creation_to_its_deletion()
    {
        await CreateAsync("a", "m1.small", "2026-10-05T10:00:00");
        await DeleteAsync("a", "2026-10-05T12:30:00");

        Assert.Equal(["others a: 2.5 = 2.50"], await _month.LinesAsync(Rules));
    }

    [Fact]
    public async Task What_began_before_the_month_and_goes_on_after_it_is_billed_for_the_month()
    {
        await CreateAsync("a", "m1.large", "2026-03-01T00:00:00");
        await CreateAsync("b", "m1.small", "2026-10-31T23:00:00");
        await DeleteAsync("b", "2026-11-02T00:00:00");
        await CreateAsync("c", "m1.small", "2026-02-01T00:00:00");
        await DeleteAsync("c", "2026-09-30T23:59:59");
        await DeleteAsync("d", "2026-10-01T06:00:00"); // created before the log began

        Assert.Equal(["large a: 744 = 1488.00", "others b: 1 = 1.00"], (await _month.LinesAsync(Rules)).Where(l => !l.Contains(" d:", StringComparison.Ordinal)));
        Assert.Contains((await _month.RateAsync(Rules)).Lines, l => l is { By: "d", Quantity: 6 });
    }

    [Fact]
    public async Task Events_count_once_and_in_the_order_of_their_time_whatever_came_in_first()
    {
        await DeleteAsync("a", "2026-10-05T12:00:00");
        await CreateAsync("a", "m1.small", "2026-10-05T10:00:00"); // late
        await CreateAsync("a", "m1.small", "2026-10-05T11:00:00"); // told twice
        await CreateAsync("a", "m1.large", "2026-10-06T00:00:00"); // again under the same name
        await DeleteAsync("a", "2026-10-06T01:00:00");
        await DeleteAsync("a", "2026-10-06T02:00:00");

        Assert.Equal(["large a: 1 = 2.00", "others a: 2 = 2.00"], await _month.LinesAsync(Rules));
    }

    [Fact]
    public async Task A_line_names_the_events_that_it_follows_from_and_a_late_deletion_changes_that_line_alone()
    {
        await CreateAsync("a", "m1.small", "2026-10-05T10:00:00");
        await CreateAsync("b", "m1.small", "2026-10-05T10:00:00");
        await DeleteAsync("b", "2026-10-05T11:00:00");
        await DeleteAsync("a", "2026-10-05T13:00:00");

        var before = await _month.RateAsync(Rules, asOfPosition: 3);
        var after = await _month.RateAsync(Rules);

        Assert.Equal((3m, 1L, 4L, 2L), (after.Lines[0].Quantity, after.Lines[0].FirstPosition, after.Lines[0].LastPosition, after.Lines[0].Samples));
        Assert.Equal(638m, before.Lines[0].Quantity); // to the month's end
        Assert.Equal(before.Lines[1] with { Parts = [] }, after.Lines[1] with { Parts = [] });
        Assert.Equal((3L, 4L), (before.Position, after.Position));
    }

    [Theory]
    [InlineData("quantity: sum, ", "quantity")]
    [InlineData("meter: cpu, ", "meter")]
    [InlineData("where: { metadata.a: b }, ", "metadata.a")]
    public void A_rule_is_on_events_or_on_samples(string field, string problem) =>
        Assert.Contains(problem, Assert.Throws<TariffException>(() => Month.Tariff($"  - {{ name: a, events: {{ from: x, to: y }}, {field}unit: hour, price: 1 }}")).Message, StringComparison.Ordinal);

    private Task CreateAsync(string instance, string type, string at) => AppendAsync("compute.instance.create.end", instance, at, new Trait("instance_type", QueryValue.Of(type)));

    private Task DeleteAsync(string instance, string at) => AppendAsync("compute.instance.delete.end", instance, at);

    private async Task AppendAsync(string type, string instance, string at, params Trait[] more)
    {
        var time = UnixMicroseconds.From(DateTimeOffset.Parse(at + "Z", CultureInfo.InvariantCulture));
        var e = new TelemetryEvent($"{++_events}", type, time, [new("project_id", QueryValue.Of("p")), new("instance_id", QueryValue.Of(instance)), .. more]);
        await _month.Log.AppendAsync([new(EventId.FromName(Encoding.UTF8.GetBytes($"t{_events}")), TelemetryEventsRecorded.Name, TelemetryEventsRecorded.Write([e]), [new(TelemetryEventStreams.Of(e))])]);
    }
}
