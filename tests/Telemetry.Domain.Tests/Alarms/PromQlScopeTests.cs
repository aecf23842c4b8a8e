using Telemetry.Domain.Alarms;

namespace Telemetry.Domain.Tests.Alarms;

public sealed class PromQlScopeTests
{
    [Theory]
    [InlineData("up", "up{project=\"p\"}")]
    [InlineData("up > 1", "up{project=\"p\"} > 1")]
    [InlineData("up{}", "up{project=\"p\"}")]
    [InlineData("{__name__=~\"a.*\"}", "{__name__=~\"a.*\",project=\"p\"}")]
    [InlineData("up{a=\"}\",b!~'x',}", "up{a=\"}\",b!~'x',project=\"p\"}")]
    [InlineData("up{project=\"other\"}", "up{project=\"other\",project=\"p\"}")]
    [InlineData("{\"with.dots\", a=\"b\"}", "{\"with.dots\", a=\"b\",project=\"p\"}")]
    [InlineData("rate(a:b[5m])", "rate(a:b{project=\"p\"}[5m])")]
    [InlineData("rate(a[5m:30s] offset 1h30m)", "rate(a{project=\"p\"}[5m:30s] offset 1h30m)")]
    [InlineData("a offset -5m", "a{project=\"p\"} offset -5m")]
    [InlineData("a @ 1609746000", "a{project=\"p\"} @ 1609746000")]
    [InlineData("a @ end()", "a{project=\"p\"} @ end()")]
    [InlineData("sum by (x, y) (a)", "sum by (x, y) (a{project=\"p\"})")]
    [InlineData("sum(a) without (x)", "sum(a{project=\"p\"}) without (x)")]
    [InlineData("SUM(a) BY (x)", "SUM(a{project=\"p\"}) BY (x)")]
    [InlineData("topk(3, a)", "topk(3, a{project=\"p\"})")]
    [InlineData("a / on(x) group_left(y) b", "a{project=\"p\"} / on(x) group_left(y) b{project=\"p\"}")]
    [InlineData("a * ignoring (x) group_right b", "a{project=\"p\"} * ignoring (x) group_right b{project=\"p\"}")]
    [InlineData("a > bool b", "a{project=\"p\"} > bool b{project=\"p\"}")]
    [InlineData("a and b or c unless d", "a{project=\"p\"} and b{project=\"p\"} or c{project=\"p\"} unless d{project=\"p\"}")]
    [InlineData("a or or", "a{project=\"p\"} or or{project=\"p\"}")]
    [InlineData("sum", "sum{project=\"p\"}")]
    [InlineData("-a ^ -b", "-a{project=\"p\"} ^ -b{project=\"p\"}")]
    [InlineData("time() - a", "time() - a{project=\"p\"}")]
    [InlineData("vector(1e-3) + Inf + 0x1F", "vector(1e-3) + Inf + 0x1F")]
    [InlineData("label_replace(a, \"x\", \"$1\", \"y\", `(\\d+)`)", "label_replace(a{project=\"p\"}, \"x\", \"$1\", \"y\", `(\\d+)`)")]
    [InlineData("a # {a comment\n + b", "a{project=\"p\"} \n + b{project=\"p\"}")]
    [InlineData("absent(a{x=\"y\"})", "absent(a{x=\"y\",project=\"p\"})")]
    public void Every_selector_gets_the_matcher(string query, string limited)
    {
        Assert.Equal(limited, PromQlScope.Limit(query, "project", "p"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a{b=\"c\" or d=\"e\"}")]
    [InlineData("a{b}")]
    [InlineData("a{b=\"c\"")]
    [InlineData("a{b=\"c}")]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("a +")]
    [InlineData("WITH (x = foo) x")]
    [InlineData("a[5m")]
    [InlineData("a[x{]")]
    [InlineData("a[5m-(b)]")]
    [InlineData("a offset b")]
    [InlineData("a @ b")]
    [InlineData("a; b")]
    [InlineData("é")]
    public void What_is_not_understood_is_refused(string query)
    {
        Assert.StartsWith(
            "the query cannot be limited to a project: ", Assert.Throws<FormatException>(() => PromQlScope.Limit(query, "project", "p")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_cannot_end_its_text()
    {
        Assert.Equal("up{project=\"a\\\"b\\\\c\\nd\"}", PromQlScope.Limit("up", "project", "a\"b\\c\nd"));
    }

    [Fact]
    public void Depth_is_bounded()
    {
        Assert.Throws<FormatException>(() => PromQlScope.Limit(new string('(', 10_000) + "a" + new string(')', 10_000), "project", "p"));
    }

    [Fact]
    public void Whatever_is_thrown_at_it_is_limited_or_refused()
    {
        string[] parts = ["a", "b", "(", ")", "{", "}", "[5m]", ",", "=", "!=", "=~", "\"x\"", "'", "`", "sum", "by", "on", "or", "offset", "@", "1", "#", "\n", "-", "bool", " "];
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var query = string.Concat(random.GetItems(parts, random.Next(1, 12)));
            try
            {
                var limited = PromQlScope.Limit(query, "project", "p");
                var again = PromQlScope.Limit(limited, "once", "more"); // what was read as a selector still is one
                Assert.Equal(limited.Split("project=\"p\"").Length, again.Split("project=\"p\",once=\"more\"").Length);
            }
            catch (FormatException)
            {
                // Refused.
            }
        }
    }
}
