using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Projections.Rating;

namespace Telemetry.Projections.Tests.Rating;

/// <summary>Amounts worked out by hand.</summary>
public sealed class RaterTests
{
    private const string Cpu = "  - { name: cpu, meter: cpu, unit: s, price: 0.5 }";
    private const string Disk = "  - { name: disk, meter: disk, unit: GiB-hour, price: 0.10 }";
    private const string Net = "  - { name: net, meter: net, unit: MB, price: 2 }";

    [Fact]
    public async Task Deltas_are_summed() =>
        // 1 + 2 + 4 = 7 MB, 2 each.
        Assert.Equal(["net: 7 = 14.00"], await new Month().Record("net", SampleType.Delta, "r", (0, 1), (1, 2), (2, 4)).LinesAsync(Net));

    [Fact]
    public async Task A_gauge_holds_until_the_next_sample_and_at_most_an_hour_after_the_last() =>
        // 10 GiB for 30 minutes, then 20 GiB for the hour that nothing follows: 5 + 20 = 25 GiB-hours.
        Assert.Equal(["disk: 25 = 2.50"], await new Month().Record("disk", SampleType.Gauge, "r", (0, 10), (30, 20)).LinesAsync(Disk));

    [Fact]
    public async Task A_gap_ends_what_a_gauge_holds_for() =>
        // 10 GiB, nothing for five hours, of which one counts; then 10 GiB for an hour: 20 GiB-hours. With max_gap 10h: 50 + 100 = 150.
        Assert.Equal(["disk: 20 = 2.00", "disk: 150 = 15.00"],
        [
            .. await new Month().Record("disk", SampleType.Gauge, "r", (0, 10), (300, 10)).LinesAsync(Disk),
            .. await new Month().Record("disk", SampleType.Gauge, "r", (0, 10), (300, 10)).LinesAsync(Disk.Replace("price", "max_gap: 10h, price", StringComparison.Ordinal)),
        ]);

    [Fact]
    public async Task A_counter_that_falls_began_again_at_zero() =>
        // 100 to 160: 60. Then 20 and 50 after a restart: 20 + 30. Then 10 after another: 10. 120 in all, and the first reading counts nothing.
        Assert.Equal(["cpu: 120 = 60.00"], await new Month().Record("cpu", SampleType.Cumulative, "r", (0, 100), (1, 160), (2, 20), (3, 50), (4, 10)).LinesAsync(Cpu));

    [Fact]
    public async Task A_counter_counts_over_a_gap_of_any_length() =>
        Assert.Equal(["cpu: 5 = 2.50"], await new Month().Record("cpu", SampleType.Cumulative, "r", (0, 1), (40_000, 6)).LinesAsync(Cpu));

    [Fact]
    public async Task A_counter_goes_on_from_the_month_before() =>
        // 90 at five minutes to midnight, 100 at five past: the 10 belong to October, which the later reading is of.
        Assert.Equal(["cpu: 15 = 7.50"], await new Month().Record("cpu", SampleType.Cumulative, "r", (-10, 70), (-5, 90)).Record("cpu", SampleType.Cumulative, "r", (5, 100), (6, 105)).LinesAsync(Cpu));

    [Fact]
    public async Task A_gauge_of_the_month_before_holds_into_the_month() =>
        // 12 GiB from 23:50, so from midnight until 00:10: 2 GiB-hours; then 6 GiB for an hour.
        Assert.Equal(["disk: 8 = 0.80"], await new Month().Record("disk", SampleType.Gauge, "r", (-10, 12)).Record("disk", SampleType.Gauge, "r", (10, 6)).LinesAsync(Disk));

    [Fact]
    public async Task A_gauge_ends_with_the_month() =>
        // October has 744 hours; half an hour before its end: 4 GiB for half an hour, though an hour would be allowed.
        Assert.Equal(["disk: 2 = 0.20"], await new Month().Record("disk", SampleType.Gauge, "r", ((744 * 60) - 30, 4)).LinesAsync(Disk));

    [Fact]
    public async Task Time_counts_whatever_the_samples_say() =>
        // Half an hour between the samples and an hour after the last: 1.5 hours of 4 cents.
        Assert.Equal(["vm: 1.5 = 0.06"], await new Month().Record("instance", SampleType.Gauge, "r", (0, 0), (30, 7)).LinesAsync("  - { name: vm, meter: instance, quantity: time, unit: hour, price: 0.04 }"));

    [Theory]
    [InlineData(100, "net: 100 = 10.00")] // the first tier's edge belongs to it: 100 x 0.10
    [InlineData(101, "net: 101 = 10.05")] // and what is over it to the second: 10 + 0.05
    [InlineData(300, "net: 300 = 20.00")] // 10 + 200 x 0.05
    [InlineData(301, "net: 301 = 20.01")] // 20 + 0.01
    [InlineData(0, "net: 0 = 0.00")]
    public async Task Tiers_are_filled_one_after_the_other(double volume, string line) =>
        Assert.Equal([line], await new Month().Record("net", SampleType.Delta, "r", (0, volume)).LinesAsync(
            "  - { name: net, meter: net, unit: MB, tiers: [ { up_to: 100, price: 0.10 }, { up_to: 300, price: 0.05 }, { price: 0.01 } ] }"));

    [Fact]
    public async Task The_free_allowance_comes_off_before_the_tiers() =>
        // 150 less 50 free is 100, which the first tier takes whole.
        Assert.Equal(["net: 150 = 10.00"], await new Month().Record("net", SampleType.Delta, "r", (0, 150)).LinesAsync(
            "  - { name: net, meter: net, unit: MB, free: 50, tiers: [ { up_to: 100, price: 0.10 }, { price: 9 } ] }"));

    [Fact]
    public async Task A_line_costs_its_minimum_and_a_bill_its_own() =>
        // 1 x 2 = 2, lifted to 3; the bill to 10 by a line of 7.
        Assert.Equal(["net: 1 = 3.00", "minimum: 1 = 7.00"], await new Month().Record("net", SampleType.Delta, "r", (0, 1)).LinesAsync(
            "  - { name: net, meter: net, unit: MB, price: 2, minimum: 3 }", "minimum: 10"));

    [Theory]
    [InlineData("half-even", "net: 1 = 0.12")]
    [InlineData("half-up", "net: 1 = 0.13")]
    [InlineData("up", "net: 1 = 0.13")]
    [InlineData("down", "net: 1 = 0.12")]
    public async Task Amounts_are_rounded_as_the_tariff_says(string mode, string line) =>
        Assert.Equal([line], await new Month().Record("net", SampleType.Delta, "r", (0, 1)).LinesAsync(
            "  - { name: net, meter: net, unit: MB, price: 0.125 }", $"rounding: {{ mode: {mode} }}"));

    [Fact]
    public async Task A_quantity_is_rounded_before_it_is_priced_so_that_a_line_can_be_worked_out_from_what_it_shows() =>
        // 10 GiB for 20 seconds: 0.0555... GiB-hours, shown and priced as 0.056.
        Assert.Equal(["disk: 0.056 = 0.0056"], await new Month().Record("disk", SampleType.Gauge, "r", (0, 10), (1.0 / 3, 0)).LinesAsync(
            Disk, "rounding: { digits: 4, quantity_digits: 3 }"));

    [Fact]
    public async Task Volumes_are_divided_into_the_tariffs_unit() =>
        Assert.Equal(["disk: 2 = 0.20"], await new Month().Record("disk", SampleType.Gauge, "r", (0, 2048)).LinesAsync(Disk.Replace("price", "divide_by: 1024, price", StringComparison.Ordinal)));

    [Fact]
    public async Task The_first_rule_that_matches_takes_the_samples()
    {
        var rules = """
              - { name: small, meter: instance, where: { metadata.flavor.name: m1.small }, quantity: time, unit: hour, price: 1 }
              - { name: other, meter: instance, quantity: time, unit: hour, price: 10 }
            """;
        // An hour as m1.small; resized, an hour as m1.large and one more that nothing follows.
        var month = new Month()
            .Record("instance", SampleType.Gauge, "r", """{"flavor":{"name":"m1.small"}}""", (0, 1), (30, 1))
            .Record("instance", SampleType.Gauge, "r", """{"flavor":{"name":"m1.large"}}""", (60, 1), (120, 1));

        Assert.Equal(["small: 1 = 1.00", "other: 2 = 20.00"], await month.LinesAsync(rules));
    }

    [Fact]
    public async Task A_line_is_made_of_a_resource_where_the_rule_says_so() =>
        Assert.Equal(["net a: 2 = 4.00", "net b: 1 = 2.00"], await new Month().Record("net", SampleType.Delta, "b", (0, 1)).Record("net", SampleType.Delta, "a", (0, 2))
            .LinesAsync(Net.Replace("price", "by: resource, price", StringComparison.Ordinal)));

    [Fact]
    public async Task Late_samples_count_as_if_they_had_come_in_time()
    {
        var inTime = new Month()
            .Record("cpu", SampleType.Cumulative, "r", (0, 10), (1, 20), (2, 5), (3, 9))
            .Record("disk", SampleType.Gauge, "r", (0, 1), (10, 2), (20, 3));
        var late = new Month()
            .Record("cpu", SampleType.Cumulative, "r", (0, 10), (3, 9), (2, 5))
            .Record("disk", SampleType.Gauge, "r", (20, 3), (10, 2), (0, 1))
            .Record("cpu", SampleType.Cumulative, "r", (1, 20));

        var lines = await inTime.LinesAsync($"{Cpu}\n{Disk}");

        Assert.Equal(["cpu: 19 = 9.50", "disk: 3.5 = 0.35"], lines); // 10 + 5 + 4; (1 + 2) / 6 + 3
        Assert.Equal(lines, await late.LinesAsync($"{Cpu}\n{Disk}"));
        Assert.Equal(lines, (await late.RateAsync($"{Cpu}\n{Disk}", gathered: 1)).Lines.Select(l => $"{l.Rule}: {l.Quantity:0.######} = {l.Amount:0.00######}"));
    }

    [Fact]
    public async Task A_sample_of_the_same_instant_replaces_the_older_one_but_deltas_add_up()
    {
        var month = new Month()
            .Record("disk", SampleType.Gauge, "r", (0, 10), (0, 1))
            .Record("net", SampleType.Delta, "r", (0, 1), (0, 1));

        Assert.Equal(["disk: 1 = 0.10", "net: 2 = 4.00"], await month.LinesAsync($"{Disk}\n{Net}"));
    }

    [Fact]
    public async Task Late_samples_change_exactly_the_lines_they_should()
    {
        var month = new Month().Record("net", SampleType.Delta, "a", (0, 1)).Record("net", SampleType.Delta, "b", (0, 1));
        var rules = Net.Replace("price", "by: resource, price", StringComparison.Ordinal);
        var before = await month.RateAsync(rules);
        month.Record("net", SampleType.Delta, "b", (0.5, 3));

        var diff = RatingDiff.Between(before, await month.RateAsync(rules));

        Assert.Equal([new("net", "b", "MB", 1, 4, 2, 8)], diff.Lines);
        Assert.Equal(6, diff.Total);
    }

    [Fact]
    public async Task What_was_known_at_a_position_or_time_can_be_rated_again()
    {
        var month = new Month().Record("net", SampleType.Delta, "r", (0, 1));
        var known = month.Now;
        month.Now += TimeSpan.FromDays(40);
        month.Record("net", SampleType.Delta, "r", (1, 1));

        Assert.Equal(4, (await month.RateAsync(Net)).Total);
        Assert.Equal(2, (await month.RateAsync(Net, asOfPosition: 1)).Total);
        Assert.Equal(2, (await month.RateAsync(Net, asOfTime: known)).Total);
    }

    [Fact]
    public async Task A_line_names_the_positions_it_follows_from()
    {
        var month = new Month()
            .Record("cpu", SampleType.Cumulative, "r", (-1, 1)) // position 1: read for the month before's last value
            .Record("net", SampleType.Delta, "r", (0, 1))
            .Record("cpu", SampleType.Cumulative, "r", (1, 2))
            .Record("net", SampleType.Delta, "r", (0, 1));

        var rating = await month.RateAsync($"{Cpu}\n{Net}");

        Assert.Equal([(1L, 3L), (2L, 4L)], rating.Lines.Select(l => (l.FirstPosition, l.LastPosition)));
        Assert.Equal((3L, 3L, 4L), (rating.Samples, rating.Version, rating.Position));
    }

    [Fact]
    public async Task Samples_of_other_projects_and_months_in_the_same_batch_do_not_count()
    {
        SeriesKey mine = new("net", SampleType.Delta, "u", "r", "p", null, "test"), other = new("net", SampleType.Delta, "u", "r", "q", null, "test");
        var month = new Month().Append(new([mine, other, mine], [Month.At(0), Month.At(0), Month.At(-1)], [1, 2, 4], [Metadata.Empty, Metadata.Empty, Metadata.Empty]));

        Assert.Equal(["net: 1 = 2.00"], await month.LinesAsync(Net));
    }

    [Fact]
    public async Task A_tariff_counts_only_while_it_is_valid() =>
        // Valid from the second day on: a gauge of 2 GiB from 23:30 on counts from midnight, for half an hour of its hour.
        Assert.Equal(["disk: 1 = 0.10"], await new Month().Record("disk", SampleType.Gauge, "r", (0, 5), ((24 * 60) - 30, 2)).LinesAsync(Disk, "valid: { from: 2026-10-02 }"));

    [Fact]
    public async Task Doubles_are_the_decimal_numbers_that_were_written() =>
        // 0.1 three times is 0.3, and a counter of 17 digits keeps its last one.
        Assert.Equal(["cpu: 3 = 1.50", "net: 0.3 = 0.60"], await new Month()
            .Record("net", SampleType.Delta, "r", (0, 0.1), (1, 0.1), (2, 0.1))
            .Record("cpu", SampleType.Cumulative, "r", (0, 9_007_199_254_740_988), (1, 9_007_199_254_740_991)).LinesAsync($"{Cpu}\n{Net}"));

    [Fact]
    public async Task A_quantity_that_a_meters_type_cannot_give_is_refused()
    {
        var month = new Month().Record("cpu", SampleType.Cumulative, "r", (0, 1)).Record("disk", SampleType.Gauge, "r", (0, 1));

        var wrong = await Assert.ThrowsAsync<TariffException>(() => month.RateAsync(Cpu.Replace("price", "quantity: sum, price", StringComparison.Ordinal)));
        Assert.Equal("Rule 'cpu' wants the sum of meter 'cpu', which is of type cumulative.", wrong.Message);
        await Assert.ThrowsAsync<TariffException>(() => month.RateAsync("  - { name: all, meter: '*', unit: x, price: 1 }"));
    }

    [Fact]
    public async Task A_volume_that_no_decimal_holds_is_refused_by_name()
    {
        var wrong = await Assert.ThrowsAsync<TariffException>(() => new Month().Record("net", SampleType.Delta, "r", (0, 1e300)).RateAsync(Net));
        Assert.Contains("1E+300", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RatingFormat.Table)]
    [InlineData(RatingFormat.Csv)]
    [InlineData(RatingFormat.Json)]
    public async Task The_same_samples_always_give_the_same_bytes_in_whatever_order_their_series_come(RatingFormat format)
    {
        Random random = new(1);
        var resources = Enumerable.Range(0, 50).ToArray();
        byte[]? first = null;
        for (var run = 0; run < 3; run++)
        {
            random.Shuffle(resources);
            var month = new Month();
            foreach (var r in resources)
                month.Append(Batch(r));
            var rating = await month.RateAsync($"{Disk.Replace("price", "by: resource, price", StringComparison.Ordinal)}\n{Cpu}\n{Net}");
            // Positions follow the log's order, everything else must not.
            var bytes = RatingWriter.Write(rating with { Lines = [.. rating.Lines.Select(l => l with { FirstPosition = 0, LastPosition = 0 })] }, format);
            Assert.Equal(first ??= bytes, bytes);
        }
    }

    private static SampleBatch Batch(int resource)
    {
        SeriesKey[] keys =
        [
            new("disk", SampleType.Gauge, "u", $"r{resource}", "p", null, "test"), new("cpu", SampleType.Cumulative, "u", $"r{resource}", "p", null, "test"),
            new("net", SampleType.Delta, "u", $"r{resource}", "p", null, "test"),
        ];
        var series = Enumerable.Range(0, 60).Select(i => keys[i % 3]).ToArray();
        return new(series, [.. Enumerable.Range(0, 60).Select(i => Month.At(i / 3 * 7.77))], [.. Enumerable.Range(0, 60).Select(i => Math.Round(1.37 * (i + resource), 2))],
            [.. series.Select(_ => Metadata.Empty)]);
    }

    [Fact]
    public async Task A_rating_is_written_as_a_table()
    {
        var rating = await new Month().Record("net", SampleType.Delta, "r", (0, 1.5)).RateAsync(Net);

        Assert.Equal($"""
            Project p, 2026-10, tariff test ({rating.Tariff.Digest[..12]})
            1 samples of stream samples-p-2026-10 up to version 1, position 1

            Rule   By  Quantity  Unit  Free   EUR  Samples  Positions
            ---------------------------------------------------------
            net             1.5  MB       0  3.00        1        1-1
            ---------------------------------------------------------
            Total                            3.00

            """, Encoding.UTF8.GetString(RatingWriter.Write(rating, RatingFormat.Table)));
    }

    [Fact]
    public async Task A_csv_field_never_becomes_a_formula_or_another_field()
    {
        var rating = await new Month().Record("net", SampleType.Delta, "=1+1,\"x\"", (0, 1)).RateAsync(Net.Replace("price", "by: resource, price", StringComparison.Ordinal));

        Assert.Equal("net,\"'=1+1,\"\"x\"\"\",1,MB,0,2.00,EUR,1,1,1", Encoding.UTF8.GetString(RatingWriter.Write(rating, RatingFormat.Csv)).Split('\n')[1]);
    }
}
