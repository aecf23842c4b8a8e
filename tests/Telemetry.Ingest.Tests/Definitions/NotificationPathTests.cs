using System.Text.Json;
using Telemetry.Ingest.Definitions.Paths;

namespace Telemetry.Ingest.Tests.Definitions;

public sealed class NotificationPathTests
{
    private static readonly JsonElement Notification = JsonElement.Parse("""
        {"payload": {"outcome": "success", "n": 3, "m": 4.5, "t": "a.b.c", "l": [{"name": "x", "v": 1}, {"name": "y", "v": 2}, {"name": "x", "v": 3}],
         "s": ["b", "a"], "a.b": {"c": 7}, "a b": 1, "nul": null, "metrics": [{"name": "cpu", "value": 0.5}], "st": "host", "num": "5"}}
        """);

    /// <summary>What jsonpath-rw 1.4.0 with jsonpath-rw-ext 1.2.2 finds, as recorded; each value by its full path.</summary>
    [Theory]
    [InlineData("$.payload.outcome", "payload.outcome=success")]
    [InlineData("payload.outcome", "payload.outcome=success")]
    [InlineData("$.payload.nul", "payload.nul=")]
    [InlineData("$.payload.zz", "")]
    [InlineData("$.payload.l[*].v", "payload.l.[0].v=1 payload.l.[1].v=2 payload.l.[2].v=3")]
    [InlineData("$.payload.l.[*].v", "payload.l.[0].v=1 payload.l.[1].v=2 payload.l.[2].v=3")]
    [InlineData("$.payload.l.*", "")]
    [InlineData("$.payload.l.name", "")]
    [InlineData("$.payload.l[0].v", "payload.l.[0].v=1")]
    [InlineData("$.payload.l[-1].v", "payload.l.[-1].v=3")]
    [InlineData("$.payload.l[9].v", "")]
    [InlineData("$.payload.l[-9].v", "")]
    [InlineData("$.payload.l[0:2].v", "payload.l.[0].v=1 payload.l.[1].v=2")]
    [InlineData("$.payload.'a.b'[*].c", "payload.a.b.[0].c=7")]
    [InlineData("$.payload.st[*]", "payload.st.[0]=host")]
    [InlineData("$.payload.nul[*]", "")]
    [InlineData("$.payload.l[1:].v", "payload.l.[1].v=2 payload.l.[2].v=3")]
    [InlineData("$.payload.l[-2:].v", "payload.l.[1].v=2 payload.l.[2].v=3")]
    [InlineData("$.payload.l[?(@.name='x')].v", "payload.l.[0].v=1 payload.l.[2].v=3")]
    [InlineData("$.payload.l[?name=x].v", "payload.l.[0].v=1 payload.l.[2].v=3")]
    [InlineData("$.payload.l[?(@.name=\"x\")].v", "payload.l.[0].v=1 payload.l.[2].v=3")]
    [InlineData("$.payload.l[?(@.v>=1 & @.v<3)].v", "payload.l.[0].v=1 payload.l.[1].v=2")]
    [InlineData("$.payload.l[?v==2].name", "payload.l.[1].name=y")]
    [InlineData("$.payload.l[?v='2'].name", "")]
    [InlineData("$.payload.l[?(@.name != 'x')].v", "payload.l.[1].v=2")]
    [InlineData("$.payload.l[?(@.name='x' & @.v=3)].v", "payload.l.[2].v=3")]
    [InlineData("$.payload.l[?name].v", "payload.l.[0].v=1 payload.l.[1].v=2 payload.l.[2].v=3")]
    [InlineData("$.payload.'a.b'.c", "payload.a.b.c=7")]
    [InlineData("$.payload.\"a.b\".c", "payload.a.b.c=7")]
    [InlineData("$.payload['a.b'].c", "payload.a.b.c=7")]
    [InlineData("$.payload.a.b.c", "")]
    [InlineData("$.payload.'a b'", "payload.a b=1")]
    [InlineData("$.payload.n,m", "payload.n=3 payload.m=4.5")]
    [InlineData("$.payload.zz|n", "payload.n=3")]
    [InlineData("$.payload.n|m", "payload.n=3 payload.m=4.5")]
    [InlineData("($.payload.zz)|($.payload.n)", "payload.n=3")]
    [InlineData("($.payload.n)|($.payload.m)", "payload.n=3 payload.m=4.5")]
    [InlineData("$..v", "payload.l.[0].v=1 payload.l.[1].v=2 payload.l.[2].v=3")]
    [InlineData("sec", "")]
    [InlineData("disk.root.size", "")]
    [InlineData("request-id", "")]
    public void A_path_finds_values_where_they_are(string path, string found) =>
        Assert.Equal(found, string.Join(' ', NotificationPath.Parse(path).Find(Notification).Select(m => $"{m.FullPath}={m.Value}")));

    [Theory]
    [InlineData("$.payload.t.`split(., 1, -1)`", "b")]
    [InlineData("$.payload.t.`split(., 0, 1)`", "a")]
    [InlineData("$.payload.t.`split(., 1, 1)`", "b.c")]
    [InlineData("$.payload.t.`split(., 5, -1)`", "")]
    [InlineData("$.payload.t.`split(#, 0, 1)`", "a.b.c")]
    [InlineData("$.payload.n.`split(#, 0, 1)`", "")]
    [InlineData("$.payload.t.`sub(/a/, b)`", "b.b.c")]
    [InlineData(@"$.payload.t.`sub(/(a)\.(b)/, \2)`", "b.c")]
    [InlineData("$.payload.l.`len`", "3")]
    [InlineData("$.payload.t.`len`", "5")]
    [InlineData("$.payload.n.`len`", "")]
    [InlineData("$.payload.s.`sorted`", """["a","b"]""")]
    [InlineData(@"$.payload.l[\v][0].v", "3")]
    [InlineData(@"$.payload.l[/name, \v][0].v", "3")]
    [InlineData("$.payload.l.`this`[0].v", "1")]
    [InlineData("$.payload.n + $.payload.m", "7.5")]
    [InlineData("$.payload.n * 100", "300")]
    [InlineData("$.payload.n - 1", "2")]
    [InlineData("$.payload.metrics[?(@.name='cpu')].value * 100", "50.0")]
    [InlineData("$.payload.l[*].v + 1", "2 3 4")]
    [InlineData("$.payload.l[*].v * $.payload.l[*].v", "1 4 9")]
    [InlineData("$.payload.l[*].v * $.payload.s[*]", "")]
    [InlineData("$.payload.outcome + '_' + $.payload.st", "success_host")]
    [InlineData("'x' + $.payload.outcome", "xsuccess")]
    [InlineData("$.payload.st + 1", "")]
    [InlineData("$.payload.zz + 1", "")]
    public void A_path_computes(string path, string found) =>
        Assert.Equal(found, string.Join(' ', NotificationPath.Parse(path).Find(Notification).Select(m => m.Value)));

    [Fact]
    public void The_meter_name_of_identity_authenticate_is_what_its_definition_means() =>
        Assert.Equal("identity.authenticate.success", NotificationPath
            .Parse("$.payload.outcome - $.payload.outcome + 'identity.authenticate.' + $.payload.outcome").Find(Notification).Single().Value.GetString());

    [Theory]
    [InlineData("$.payload.n - 1 - 1", "1")]
    [InlineData("$.payload.n + 2 * 3", "9")]
    [InlineData("$.payload.n * 2 + 1", "7")]
    public void Calculations_go_by_the_rules_of_arithmetic(string path, string found) =>
        Assert.Equal(found, NotificationPath.Parse(path).Find(Notification).Single().Value.GetRawText());

    [Theory]
    [InlineData("a b", "'b' is not expected at character 3")]
    [InlineData("$.payload.", "ends where more is expected")]
    [InlineData("$.payload.n / 2", "'/' is not expected at character 13")]
    [InlineData("$.a[1", "']' is missing at the end")]
    [InlineData("$.a[1,2]", "']' is expected at character 6")]
    [InlineData("$.a[]", "']' is not expected")]
    [InlineData("$.a.'b", "does not end")]
    [InlineData("$.a.`split(.)`", "is no function")]
    [InlineData("$.a.`sub(/(/, x)`", "is no regular expression")]
    [InlineData("$.a.`len", "does not end")]
    [InlineData("$.a[?(@.n !x)]", "not expected")]
    [InlineData("%", "'%' is not expected at character 1")]
    [InlineData("", "ends where more is expected")]
    [InlineData("(((((((((((((((((((((a)))))))))))))))))))))", "nested deeper")]
    public void A_text_that_is_no_path_is_refused_with_the_place(string path, string reason) =>
        Assert.Contains(reason, Assert.Throws<PathException>(() => NotificationPath.Parse(path)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_path_longer_than_allowed_is_refused() =>
        Assert.Throws<PathException>(() => NotificationPath.Parse(new string('a', NotificationPath.MaxLength + 1)));

    [Fact]
    public void A_path_that_doubles_its_matches_at_every_step_ends_with_an_error()
    {
        var path = NotificationPath.Parse("$" + string.Concat(Enumerable.Repeat(".(@|@)", 60)) + ".zz");

        Assert.Contains("more than 100000 steps", Assert.Throws<PathException>(() => path.Find(Notification)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_catastrophic_replacement_pattern_ends_with_an_error_or_a_result_soon()
    {
        var text = JsonSerializer.SerializeToElement(new { t = new string('a', 5_000) });

        Assert.Equal(text.GetProperty("t").GetString(), NotificationPath.Parse("t.`sub(/(a+)+$x/, y)`").Find(text).Single().Value.GetString());
        Assert.Contains("t.`sub", Assert.Throws<PathException>(() => NotificationPath.Parse("t.`sub(/(a+)+(?!a)x/, y)`").Find(text)).Message, StringComparison.Ordinal);
    }
}
