using System.Text;
using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Tests.Metering;

public sealed class MetadataTests
{
    [Theory]
    [InlineData("""{"b":1,"a":2}""", """{"a":2,"b":1}""")]
    [InlineData("""{ "a" : { "z": [1, {"y":1,"x":2}], "b": null } }""", """{"a":{"b":null,"z":[1,{"x":2,"y":1}]}}""")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2}""")]
    [InlineData("""{"n":1.50,"e":1e2}""", """{"e":1e2,"n":1.50}""")]
    [InlineData("""{"ä":"\u00e4"}""", """{"ä":"ä"}""")]
    public void Equal_metadata_have_one_canonical_form(string json, string canonical)
    {
        var metadata = Parse(json);

        Assert.Equal(canonical, metadata.ToString());
        Assert.Equal(Parse(canonical), metadata);
        Assert.Equal(Parse(canonical).GetHashCode(), metadata.GetHashCode());
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("1")]
    [InlineData("{")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    public void What_is_no_object_of_text_is_refused(string json) => Assert.ThrowsAny<JsonException>(() => Parse(json));

    [Fact]
    public void Nesting_deeper_than_the_limit_is_refused()
    {
        Parse(Nested(Metadata.MaxDepth));

        Assert.ThrowsAny<JsonException>(() => Parse(Nested(Metadata.MaxDepth + 1)));
        Assert.ThrowsAny<JsonException>(() => Parse(Nested(10_000)));
    }

    [Fact]
    public void A_path_leads_to_nested_values_list_items_and_keys_with_dots()
    {
        var metadata = Parse("""{"a":{"b":{"c":"deep"},"l":[10,{"k":true}]},"x.y":1.5,"a.b":{"d":"dotted"},"n":null,"o":{}}""");

        Assert.Equal(QueryValue.Of("deep"), metadata["a.b.c"]);
        Assert.Equal(QueryValue.Of("dotted"), metadata["a.b.d"]);
        Assert.Equal(QueryValue.Of(10L), metadata["a.l[0]"]);
        Assert.Equal(QueryValue.Of(true), metadata["a.l[1].k"]);
        Assert.Equal(QueryValue.Of(1.5), metadata["x.y"]);
        foreach (var missing in new[] { "n", "o", "a", "a.l", "a.l[2]", "a.l[x]", "a.l[-1]", "zz", "a.zz", "", "." })
            Assert.Equal(QueryValue.Null, metadata[missing]);
    }

    // Source of the expectations: ceilometer/api/controllers/v2/utils.py run on the same objects.
    [Theory]
    [InlineData("""{"a":{"b":{"c":1}}}""", "a.b:c", "1")]
    [InlineData("""{"a":null}""", "a", "None")]
    [InlineData("""{"a":true}""", "a", "True")]
    [InlineData("""{"a":1.0}""", "a", "1.0")]
    [InlineData("""{"a":["x",1,null,{"k":false}]}""", "a", "['x', 1, None, {'k': False}]")]
    [InlineData("""{"a":["it's"]}""", "a", "[\"it's\"]")]
    [InlineData("""{"a.b.c":"v"}""", "a.b:c", "v")]
    public void Flattening_joins_keys_and_turns_values_into_pythons_text(string json, string key, string value)
    {
        var only = Assert.Single(Parse(json).Flatten());

        Assert.Equal(key, only.Key);
        Assert.Equal(value, only.Value);
    }

    [Fact]
    public void Empty_objects_vanish_when_flattened() => Assert.Empty(Parse("""{"a":{},"b":{"c":{}}}""").Flatten());

    [Theory]
    [InlineData(1, "1.0")]
    [InlineData(0.5, "0.5")]
    [InlineData(1e-7, "1e-07")]
    [InlineData(1e16, "1e+16")]
    [InlineData(123456789012345680, "1.2345678901234568e+17")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001234, "1.234e-05")]
    [InlineData(-1.5e300, "-1.5e+300")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(100.25, "100.25")]
    public void A_float_is_printed_as_python_prints_it(double value, string text) =>
        Assert.Equal(text, Parse($$"""{"a":{{value.ToString("E17")}}}""").Flatten().Single().Value);

    private static Metadata Parse(string json) => Metadata.Parse(Encoding.UTF8.GetBytes(json));

    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("""{"a":""", depth)) + "1" + new string('}', depth);
}
