using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Domain.Tests.TelemetryEvents;

public sealed class TelemetryEventTests
{
    [Fact]
    public void A_trait_shows_its_type_and_its_value_as_text()
    {
        Trait[] traits = [new("a", QueryValue.Of("x")), new("b", QueryValue.Of(-3)), new("c", QueryValue.Of(1e16)), new("d", QueryValue.Instant(1_500_000))];

        Assert.Equal([("string", "x"), ("integer", "-3"), ("float", "1e+16"), ("datetime", "1970-01-01T00:00:01.500000")], traits.Select(t => (t.Type.Name(), t.Text)));
    }

    [Fact]
    public void A_long_text_is_cut_at_255_code_points() =>
        Assert.Equal(string.Concat(Enumerable.Repeat("🐢", 255)), new Trait("a", QueryValue.Of(string.Concat(Enumerable.Repeat("🐢", 256)))).Text);

    [Fact]
    public void What_no_trait_can_be_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new Trait("", QueryValue.Of("x")));
        Assert.Throws<ArgumentException>(() => new Trait(new string('a', 256), QueryValue.Of("x")));
        Assert.Throws<ArgumentException>(() => new Trait("a", QueryValue.Null));
        Assert.Throws<ArgumentException>(() => new Trait("a", QueryValue.Of(true)));
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("m", "")]
    [InlineData("012345678901234567890123456789012345678901234567890", "x")]
    public void An_event_without_id_or_type_or_with_too_long_ones_is_refused(string messageId, string type) =>
        Assert.Throws<ArgumentException>(() => new TelemetryEvent(messageId, type, 0, []));

    [Theory]
    [InlineData("string", TraitType.Text)]
    [InlineData("text", TraitType.Text)]
    [InlineData("int", TraitType.Integer)]
    [InlineData("integer", TraitType.Integer)]
    [InlineData("float", TraitType.Float)]
    [InlineData("datetime", TraitType.Datetime)]
    [InlineData("boolean", null)]
    public void Types_are_known_by_both_of_their_names(string name, TraitType? type) => Assert.Equal(type, TraitTypes.Parse(name));
}
