using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Tests.Streams;

public sealed class StreamNameTests
{
    [Fact]
    public void The_category_ends_at_the_first_dash()
    {
        Assert.Equal("samples", new StreamName("samples", "p-2026-01").Category);
        Assert.Equal(new StreamName("alarm", "a-b"), StreamName.Parse("alarm-a-b"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("alarm")]
    [InlineData("alarm-")]
    [InlineData("-id")]
    public void Text_without_category_and_id_is_no_name(string text) => Assert.Null(StreamName.Parse(text));

    [Theory]
    [InlineData("a-b", "c")]
    [InlineData("", "c")]
    [InlineData("a", "")]
    public void A_category_has_no_dash_and_nothing_is_empty(string category, string id) =>
        Assert.Throws<ArgumentException>(() => new StreamName(category, id));
}
