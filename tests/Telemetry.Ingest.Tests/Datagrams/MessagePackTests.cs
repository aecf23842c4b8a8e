using System.Text;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Ingest.Datagrams;

namespace Telemetry.Ingest.Tests.Datagrams;

public sealed class MessagePackTests
{
    [Theory]
    [InlineData("00", "0")]
    [InlineData("7f", "127")]
    [InlineData("cc80", "128")]
    [InlineData("cd0100", "256")]
    [InlineData("ce00010000", "65536")]
    [InlineData("cf0000000100000000", "4294967296")]
    [InlineData("cfffffffffffffffff", "18446744073709551615")]
    [InlineData("ff", "-1")]
    [InlineData("e0", "-32")]
    [InlineData("d0df", "-33")]
    [InlineData("d1ff7f", "-129")]
    [InlineData("d2ffff7fff", "-32769")]
    [InlineData("d3ffffffff7fffffff", "-2147483649")]
    [InlineData("cb3ff8000000000000", "1.5")]
    [InlineData("cb3ff0000000000000", "1.0")]
    [InlineData("c0", "null")]
    [InlineData("c2", "false")]
    [InlineData("c3", "true")]
    [InlineData("a3616263", "\"abc\"")]
    [InlineData("a0", "\"\"")]
    [InlineData("90", "[]")]
    [InlineData("9301c0a178", "[1,null,\"x\"]")]
    [InlineData("80", "{}")]
    [InlineData("82a161a5c5bc6f6c77a16291c3", "{\"a\":\"żolw\",\"b\":[true]}")]
    public void A_value_is_read_and_written(string hex, string json)
    {
        Assert.Equal(json, Read(hex));
        Assert.Equal(hex, Convert.ToHexStringLower(MessagePackWriter.FromJson(JsonElement.Parse(json))));
    }

    [Theory]
    [InlineData("ca3fc00000", "1.5")]
    [InlineData("c403616263", "\"abc\"")]
    [InlineData("c50003616263", "\"abc\"")]
    [InlineData("c600000003616263", "\"abc\"")]
    [InlineData("d903616263", "\"abc\"")]
    [InlineData("da0003616263", "\"abc\"")]
    [InlineData("db00000003616263", "\"abc\"")]
    [InlineData("dc000101", "[1]")]
    [InlineData("dd0000000101", "[1]")]
    [InlineData("de0001c40161c0", "{\"a\":null}")]
    [InlineData("df00000001da000161c0", "{\"a\":null}")]
    [InlineData("840701cc8002ff03d1ff7f04", "{\"7\":1,\"128\":2,\"-1\":3,\"-129\":4}")]
    [InlineData("cb7ff8000000000000", "0e99999")]
    [InlineData("cbfff0000000000000", "-1e99999")]
    public void Other_forms_are_read_too(string hex, string json) => Assert.Equal(json, Read(hex));

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(70_000)]
    public void Texts_and_lists_of_any_length_come_back(int length)
    {
        var json = JsonSerializer.Serialize(new { text = new string('x', length), list = Enumerable.Range(0, Math.Min(length, 66_000)) });

        Assert.Equal(json, Encoding.UTF8.GetString(MessagePackReader.ToJson(MessagePackWriter.FromJson(JsonElement.Parse(json)))));
    }

    [Theory]
    [InlineData("", "ends 1 bytes too early")]
    [InlineData("a3ab", "ends 2 bytes too early")]
    [InlineData("cd01", "ends 1 bytes too early")]
    [InlineData("81", "claims 2 values where 0 bytes are left")]
    [InlineData("ddffffffff", "claims 4294967295 values where 0 bytes are left")]
    [InlineData("dfffffffff01", "claims 8589934590 values where 1 bytes are left")]
    [InlineData("dbffffffff61", "too early")]
    [InlineData("0000", "1 bytes follow")]
    [InlineData("c1", "Byte 0xc1 begins no value")]
    [InlineData("d40100", "Byte 0xd4 begins no value")]
    [InlineData("a2c328", "no UTF-8")]
    [InlineData("81c0c0", "Byte 0xc0 begins no key")]
    public void What_is_no_message_is_refused(string hex, string reason) =>
        Assert.Contains(reason, Assert.Throws<MessagePackException>(() => Read(hex)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_message_nested_too_deep_or_of_too_many_values_is_refused()
    {
        Assert.Contains("deeper", Assert.Throws<MessagePackException>(() => MessagePackReader.ToJson([.. Enumerable.Repeat((byte)0x91, 60_000), 0])).Message, StringComparison.Ordinal);
        Assert.Contains("more than 100000 values", Assert.Throws<MessagePackException>(() => MessagePackReader.ToJson([0xdd, 0, 2, 0, 0, .. new byte[0x20000]])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_are_a_message_or_a_clear_error()
    {
        var random = new Random(20261120);
        var bytes = new byte[64];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            try
            {
                using var json = PythonJson.Parse(MessagePackReader.ToJson(bytes.AsSpan(0, random.Next(65))));
            }
            catch (MessagePackException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    [Fact]
    public void An_integer_of_more_than_64_bits_cannot_be_written() =>
        Assert.Contains("more than 64 bits", Assert.Throws<JsonException>(() => MessagePackWriter.FromJson(JsonElement.Parse("18446744073709551616"))).Message, StringComparison.Ordinal);

    private static string Read(string hex) => Encoding.UTF8.GetString(MessagePackReader.ToJson(Convert.FromHexString(hex)));
}
