using System.Text;

namespace Telemetry.Domain.Tests;

public sealed class PythonTextTests
{
    /// <summary>Made by running Python 3.11.</summary>
    [Theory]
    [InlineData("""["it's", "q\"", "it's \"q\"", "\\ \n \r \t"]""", """["it's", 'q"', 'it\'s "q"', '\\ \n \r \t']""")]
    [InlineData("""["\u0000\u001f\u007f\u0080\u00a0\u00ad", "\u200b\u2028\u3000\ue000", "\ud83d\udc22 \u017c", "\udb40\udc01"]""", """['\x00\x1f\x7f\x80\xa0\xad', '\u200b\u2028\u3000\ue000', '🐢 ż', '\U000e0001']""")]
    [InlineData("""{"a": {"b": [null, true, false]}, "c": {}}""", "{'a': {'b': [None, True, False]}, 'c': {}}")]
    [InlineData("[1.0, 1e5, 1e16, 1e-5, 0.1, 123456789012345680.0, 1e22, 1e23, -0.0, -0]", "[1.0, 100000.0, 1e+16, 1e-05, 0.1, 1.2345678901234568e+17, 1e+22, 1e+23, -0.0, 0]")]
    [InlineData("[NaN, Infinity, -Infinity]", "[nan, inf, -inf]")]
    public void Values_print_as_in_Python(string json, string text)
    {
        using var value = PythonJson.Parse(Encoding.UTF8.GetBytes(json));

        Assert.Equal(text, PythonText.Of(value.RootElement));
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("""{"a": Infinity}""")]
    [InlineData("[-Infinity]")]
    [InlineData("""{"NaN": "NaN \" Infinity", "b": NaN}""")]
    public void Numbers_that_only_Python_writes_are_read(string json)
    {
        using var value = PythonJson.Parse(Encoding.UTF8.GetBytes(json));
        Assert.DoesNotContain("\"0e99999", value.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nan")]
    [InlineData("NaNa")]
    [InlineData("[NaN")]
    [InlineData("\"NaN")]
    [InlineData("")]
    public void What_is_no_JSON_with_them_either_is_refused(string json) =>
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => PythonJson.Parse(Encoding.UTF8.GetBytes(json)));
}
