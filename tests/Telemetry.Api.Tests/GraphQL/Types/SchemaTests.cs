using System.Text.Json;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.CodeFirst;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.Tests.GraphQL.Types;

public sealed class SchemaTests
{
    [Theory]
    [InlineData("type Query { a: Input } input Input { a: Int }", "Query.a is of Input, which is for input only.")]
    [InlineData("type Query { a(x: Query): Int }", "Query.a(x:) is of Query, which is for output only.")]
    [InlineData("type Query { a: Int a: Int }", "Query has two fields: a.")]
    [InlineData("type Query { __a: Int }", "Field Query.__a begins with two underscores, which are the specification's.")]
    [InlineData("type Query { a: Empty } type Empty", "Empty has no fields.")]
    [InlineData("type Query { a: U } union U", "U has no types.")]
    [InlineData("type Query { a: E } enum E", "E has no values.")]
    [InlineData("type Query { a: E } enum E { A A }", "E has two values: A.")]
    [InlineData("type Query implements I { a: Int } interface I { a: Int b: Int }", "Query lacks I.b.")]
    [InlineData("type Query implements I { a: Int } interface I { a: Int! }", "Query.a is of Int, I.a of Int!.")]
    [InlineData("type Query implements I { a: Int } interface I { a(x: Int): Int }", "Query.a lacks the argument I.a(x:).")]
    [InlineData("type Query implements I { a(x: ID): Int } interface I { a(x: Int): Int }", "Query.a(x:) is of ID, I.a(x:) of Int.")]
    [InlineData("type Query implements I { a(x: Int!): Int } interface I { a: Int }", "Query.a(x:) is required, and I.a has no such argument.")]
    [InlineData("type Query implements I { a: Int } interface I implements J { a: Int } interface J { a: Int }", "Query implements I, and so has to implement J too.")]
    [InlineData("interface I implements J { a: Int } interface J implements I { a: Int } type Query { a: I }", "I and J implement each other.")]
    [InlineData("type Query { a(x: Int! @deprecated): Int }", "Query.a(x:) is required and cannot be deprecated.")]
    [InlineData("type Query { a(x: Int = \"1\"): Int }", "Query.a(x:) has a default that does not fit Int: Int cannot represent \"1\".")]
    [InlineData("type Query { a(x: A): Int } input A { a: A! }", "A cannot be given: its required fields lead back to it.")]
    [InlineData("type Query { a(x: A): Int } input A { b: B! } input B { a: A! }", "B cannot be given: its required fields lead back to it.")]
    [InlineData("type Query { a(x: A): Int } input A @oneOf { a: A }", "A cannot be given: its required fields lead back to it.")]
    [InlineData("type Query { a(x: A): Int } input A { a: A = {} }", "A.a has a default that leads back to itself.")]
    [InlineData("type Query { a(x: A): Int } input A @oneOf { a: Int! }", "A takes one field only: A.a is nullable and without default.")]
    [InlineData("type Query { a: Int } schema { query: Query mutation: Query }", "The root types are distinct; Query is used for several operations.")]
    [InlineData("type Query { a: Missing }", "The type Missing is not defined.")]
    [InlineData("type Query { a: Int } type Query { b: Int }", "Two types are named Query.")]
    public void A_schema_that_breaks_a_rule_is_refused(string sdl, string error) =>
        Assert.Contains(error, Assert.Throws<SchemaException>(() => SdlSchemaReader.Read(sdl)).Errors);

    [Theory]
    [InlineData("input A { a: [A!]! b: A }")]
    [InlineData("input A @oneOf { a: A b: Int }")]
    [InlineData("input A { a: Int! = 3 }")]
    public void A_finite_value_is_enough(string input) => Assert.NotNull(SdlSchemaReader.Read($"type Query {{ a(x: A): Int }} {input}"));

    [Theory]
    [InlineData("PT1H", "PT1H", 3_600d)]
    [InlineData("P1D", "P1D", 86_400d)]
    [InlineData("P2W", "P14D", 1_209_600d)]
    [InlineData("PT90M", "PT1H30M", 5_400d)]
    [InlineData("P1DT0.5S", "P1DT0.5S", 86_400.5)]
    [InlineData("P1Y2M3D", "P1Y2M3D", null)]
    [InlineData("PT0S", "PT0S", 0d)]
    public void Durations_are_read_and_written(string text, string written, double? seconds)
    {
        var duration = CalendarDuration.TryParse(text)!.Value;
        Assert.Equal(written, duration.ToString());
        Assert.Equal(seconds, duration.AsTimeSpan()?.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("1H")]
    [InlineData("-PT1H")]
    [InlineData("PT1.5H")]
    [InlineData("P99999999999D")]
    [InlineData("P99999999999999999999D")]
    [InlineData("P1D ")]
    public void What_is_no_duration_is_refused(string text) => Assert.Null(CalendarDuration.TryParse(text));

    [Theory]
    [InlineData("Int", "1.0", "1")]
    [InlineData("Int", "1.5", null)]
    [InlineData("Int", "\"1\"", null)]
    [InlineData("Int", "true", null)]
    [InlineData("Long", "9223372036854775807", "9223372036854775807")]
    [InlineData("Long", "1e3", "1000")]
    [InlineData("Long", "9223372036854775808", null)]
    [InlineData("Float", "1", "1")]
    [InlineData("Float", "1e400", null)]
    [InlineData("Float", "\"1\"", null)]
    [InlineData("ID", "1", "1")]
    [InlineData("ID", "\"x\"", "x")]
    [InlineData("ID", "1.5", null)]
    [InlineData("String", "1", null)]
    [InlineData("Boolean", "0", null)]
    [InlineData("DateTime", "\"2026-01-31T12:00:00Z\"", "01/31/2026 12:00:00 +00:00")]
    [InlineData("DateTime", "\"2026-01-31t12:00:00.123456+02:00\"", "01/31/2026 10:00:00 +00:00")]
    [InlineData("DateTime", "\"2026-01-31T12:00:00\"", null)]
    [InlineData("DateTime", "\"2026-02-31T12:00:00Z\"", null)]
    [InlineData("DateTime", "\"2026-01-31\"", null)]
    [InlineData("Hash", "\"abc\"", null)]
    public void Scalars_take_what_fits_and_nothing_else(string name, string json, string? expected)
    {
        ScalarType[] scalars = [IntType.Instance, LongType.Instance, FloatType.Instance, IdType.Instance, StringType.Instance, BooleanType.Instance, DateTimeType.Instance, HashType.Instance];
        var scalar = scalars.Single(s => s.Name == name);
        var value = JsonDocument.Parse(json).RootElement;
        if (expected is null)
            Assert.Throws<LeafCoercionException>(() => scalar.ParseValue(value));
        else
            Assert.Equal(expected, FormattableString.Invariant($"{scalar.ParseValue(value)}"));
    }

    [Fact]
    public void A_hash_is_written_as_it_is_read()
    {
        var text = string.Concat(Enumerable.Repeat("0af9", 16));
        var hash = HashType.Instance.ParseLiteral(new StringValueNode(0, text, false), null);
        Assert.Equal(text, HashType.Instance.Serialize(hash));
    }

    [Theory]
    [InlineData("GetFooAsync", "foo")]
    [InlineData("PromQl", "promQl")]
    [InlineData("ID", "id")]
    [InlineData("IPAddress", "ipAddress")]
    [InlineData("Getter", "getter")]
    public void Names_are_made_as_in_HotChocolate(string method, string name) =>
        Assert.Equal(name, method.StartsWith("Get", StringComparison.Ordinal)
            ? NamingConventions.FieldName(typeof(Named).GetMethod(method)!)
            : NamingConventions.CamelCase(method));

    [Fact]
    public void A_node_id_is_opaque_and_read_back()
    {
        var id = new NodeId("Meter", "cpu:ü?>");
        Assert.Equal(id, NodeId.TryParse(id.ToString()));
        Assert.DoesNotContain('=', id.ToString());
        Assert.Null(NodeId.TryParse("!"));
        Assert.Null(NodeId.TryParse(""));
        Assert.Null(NodeId.TryParse("YWJj"));
    }

    private static class Named
    {
        public static Task<int> GetFooAsync() => Task.FromResult(1);

        public static int Getter() => 1;
    }
}
