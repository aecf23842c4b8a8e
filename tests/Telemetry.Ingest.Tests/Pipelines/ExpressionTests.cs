using Telemetry.Ingest.Pipelines;

namespace Telemetry.Ingest.Tests.Pipelines;

public sealed class ExpressionTests
{
    private static object? Resolve(string name) => name switch
    {
        "volume" => 8.0,
        "unit" => "B",
        "resource_metadata.cpu_number" => 4.0,
        "resource_metadata.flavor.vcpus" => "2",
        "$(disk.read-bytes).unit" => "MB",
        "$(cpu)" => 5.0,
        _ => null,
    };

    [Theory]
    [InlineData("1 + 2 * 3", 7)]
    [InlineData("(1 + 2) * 3", 9)]
    [InlineData("8 - 3 - 2", 3)]
    [InlineData("7 // 2", 3)]
    [InlineData("-7 // 2", -4)]
    [InlineData("-7 % 3", 2)]
    [InlineData("2 ** 3 ** 2", 512)]
    [InlineData("-2 ** 2", -4)]
    [InlineData("2 ** -1", 0.5)]
    [InlineData("--3", 3)]
    [InlineData("1e3 + .5", 1000.5)]
    [InlineData("volume * 1.0 / 1024", 0.0078125)]
    [InlineData("100.0 / (10**9 * (resource_metadata.cpu_number or 1))", 2.5e-8)]
    [InlineData("100.0 / (10**9 * (resource_metadata.none or 1))", 1e-7)]
    [InlineData("1 if unit == 'B' else 2", 1)]
    [InlineData("1 if unit != \"B\" else 2 if volume > 7 else 3", 2)]
    [InlineData("resource_metadata.none and 5 or 6", 6)]
    [InlineData("not resource_metadata.none", 1)]
    [InlineData("3 <= 3", 1)]
    [InlineData("True + 1", 2)]
    [InlineData("max(1, volume, 3) - min(4, 2)", 6)]
    [InlineData("int(7.9) + abs(-1) + round(2.5) + pow(2, 3)", 18)]
    [InlineData("float(resource_metadata.flavor.vcpus)", 2)]
    [InlineData("resource_metadata.flavor.vcpus", 2)]
    [InlineData("100 * $(cpu) / 10", 50)]
    [InlineData("1 if $(disk.read-bytes).unit == 'MB' else 0", 1)]
    [InlineData("1 if None == None and 'a' < 'b' else 0", 1)]
    public void An_expression_has_the_value_that_Python_gives_it(string text, double value) =>
        Assert.Equal(value, Expression.Parse(text).Number(Resolve), 15);

    [Theory]
    [InlineData("1 / 0", "divides by zero")]
    [InlineData("1 % 0", "divides by zero")]
    [InlineData("'a' + 1", "'a' is no number")]
    [InlineData("resource_metadata.none * 2", "is missing")]
    [InlineData("None", "is missing")]
    [InlineData("unit", "'B' is no number")]
    [InlineData("10 ** 400", "no finite number")]
    [InlineData("10 ** 400 - 10 ** 400", "no finite number")]
    public void A_value_that_is_no_finite_number_is_an_error(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<ExpressionException>(() => Expression.Parse(text).Number(Resolve)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("", "ends where more is expected")]
    [InlineData("1 +", "ends where more is expected")]
    [InlineData("(1", "ends where more is expected")]
    [InlineData("1 2", "'2' is not expected at character 3")]
    [InlineData("1 if 2", "ends where more is expected")]
    [InlineData("volume = 3", "'=' is not expected at character 8")]
    [InlineData("__import__('os')", "calls __import__ with 1 arguments")]
    [InlineData("open('/etc/passwd').read()", "calls open with 1 arguments")]
    [InlineData("[x for x in volume]", "'[' is not expected at character 1")]
    [InlineData("lambda: 1", "':' is not expected at character 7")]
    [InlineData("min()", "not expected")]
    [InlineData("min(1)", "calls min with 1 arguments")]
    [InlineData("'a", "''' is not expected at character 1")]
    [InlineData("or", "'o' is not expected at character 1")]
    public void Anything_but_a_calculation_is_refused_with_the_place(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<ExpressionException>(() => Expression.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Long_and_deep_expressions_are_refused()
    {
        Assert.Throws<ExpressionException>(() => Expression.Parse(new string('1', Expression.MaxLength + 1)));
        Assert.Throws<ExpressionException>(() => Expression.Parse(new string('(', 200) + "1" + new string(')', 200)));
        Assert.Throws<ExpressionException>(() => Expression.Parse("2" + string.Concat(Enumerable.Repeat("**2", 200))));
    }
}
