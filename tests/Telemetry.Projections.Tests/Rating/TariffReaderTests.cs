using System.Text;
using Telemetry.Projections.Rating;

namespace Telemetry.Projections.Tests.Rating;

public sealed class TariffReaderTests
{
    private const string Rule = "{ name: a, meter: m, unit: u, price: 1 }";

    [Fact]
    public void A_tariff_has_defaults_for_what_it_does_not_say()
    {
        var tariff = Read($"name: t\ncurrency: EUR\nrules: [ {Rule} ]");

        Assert.Equal(("t", "EUR", 0m, 86_400L, new Rounding(2, RoundingMode.HalfEven, 6)), (tariff.Name, tariff.Currency, tariff.Minimum, tariff.CarrySeconds, tariff.Rounding));
        var rule = Assert.Single(tariff.Rules);
        Assert.Equal((null, 1m, 3600L, 3600L, RatedBy.Project, 0m, 0m), (rule.Quantity, rule.DivideBy, rule.TimeSeconds, rule.MaxGapSeconds, rule.By, rule.Free, rule.Minimum));
        Assert.Equal([new Tier(null, 1)], rule.Tiers);
    }

    [Fact]
    public void Prices_are_as_exact_as_they_are_written() =>
        Assert.Equal(0.1234567890123456789012345m, Read($"name: t\ncurrency: EUR\nrules: [ {Rule.Replace("price: 1", "price: 0.1234567890123456789012345", StringComparison.Ordinal)} ]").Rules[0].Tiers[0].Price);

    [Theory]
    [InlineData("name: t\ncurrency: eur\nrules: []", "Line 1: the tariff.currency is 'eur'")]
    [InlineData("name: t\nrules: []", "the tariff.currency is missing")]
    [InlineData("name: t\ncurrency: EUR\nrules: []", "the tariff.rules is '[]'")]
    [InlineData("name: t\ncurrency: EUR\nrules: x", "the tariff.rules is 'x'; wanted: a list")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ x ]", "rules[0] is 'x'; wanted: a mapping")]
    [InlineData("name: t\ncurrency: EUR\nprize: 1\nrules: [ { name: a, meter: m, unit: u, price: 1 } ]", "Line 3: the tariff.prize is 'prize'")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u } ]", "rules[0].price is missing")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, price: 1, tiers: [ { price: 1 } ] } ]", "rules[0].price is '1'; wanted: given alone")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, price: 1e3 } ]", "rules[0].price is '1e3'; wanted: a decimal number")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, price: 1, free: -1 } ]", "rules[0].free is '-1'")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, price: 1, divide_by: 0 } ]", "rules[0].divide_by is '0'")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, price: 1, quantity: max } ]", "rules[0].quantity is 'max'; wanted: integral, time, sum or increase")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, price: 1, max_gap: 5 } ]", "rules[0].max_gap is '5'")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, price: 1, where: { colour: red } } ]", "rules[0].where.colour is ''")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, tiers: [ { price: 1 }, { price: 2 } ] } ]", "rules[0].tiers is '[0]'")]
    [InlineData("name: t\ncurrency: EUR\nrules: [ { name: a, meter: m, unit: u, tiers: [ { up_to: 2, price: 1 }, { up_to: 1, price: 1 }, { price: 2 } ] } ]", "rules[0].tiers is '[1]'")]
    [InlineData("name: t\ncurrency: EUR\nvalid: { from: 2026-13-01 }\nrules: []", "Line 3: the tariff.valid.from is '2026-13-01'")]
    [InlineData("name: t\ncurrency: EUR\nvalid: { from: 2026-12-01, to: 2026-12-01 }\nrules: []", "the tariff.valid is 'from ... to'")]
    [InlineData("name: t\ncurrency: EUR\nrounding: { mode: bankers }\nrules: []", "the tariff.rounding.mode is 'bankers'")]
    [InlineData("name: [", "Line ")]
    [InlineData("- a", "one YAML document")]
    [InlineData("", "one YAML document")]
    public void What_is_wrong_is_refused_by_line_field_and_value(string yaml, string problem) =>
        Assert.Contains(problem, Assert.Throws<TariffException>(() => Read(yaml)).Message, StringComparison.Ordinal);

    [Fact]
    public void Two_rules_of_one_name_are_refused() =>
        Assert.Contains("'a'", Assert.Throws<TariffException>(() => Read($"name: t\ncurrency: EUR\nrules: [ {Rule}, {Rule} ]")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_too_long_is_refused() => Assert.Throws<TariffException>(() => TariffReader.Read(new byte[TariffReader.MaxLength + 1]));

    private static Tariff Read(string yaml) => TariffReader.Read(Encoding.UTF8.GetBytes(yaml));
}
