using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Telemetry.Domain.Signing;

namespace Telemetry.Domain.Tests.Signing;

public sealed class MessageSignatureTests
{
    private static readonly SigningSecrets Secret = new(["s3cr3t"]);

    /// <summary>Made by running Ceilometer's own function.</summary>
    public static TheoryData<string, string, string, string> Vectors()
    {
        var data = new TheoryData<string, string, string, string>();
        using var vectors = JsonDocument.Parse(TestData.Bytes("signing/vectors.json"));
        foreach (var v in vectors.RootElement.EnumerateArray())
            data.Add(v.GetProperty("secret").GetString()!, v.GetProperty("message").GetString()!, v.GetProperty("text").GetString()!, v.GetProperty("signature").GetString()!);
        return data;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void A_vector_gives_its_text_and_its_signature(string secret, string message, string text, string signature)
    {
        Assert.Equal(text, Text(message));
        Assert.Equal(signature, Compute(message, secret));
    }

    [Fact]
    public void Every_recorded_message_gives_its_text_and_its_signature()
    {
        using var recorded = JsonDocument.Parse(TestData.Bytes("notifications/signatures.json"));
        var secrets = new SigningSecrets([recorded.RootElement.GetProperty("secret").GetString()!]);
        var cases = recorded.RootElement.GetProperty("cases").EnumerateArray().ToList();
        Assert.Equal(6, cases.Count);
        Assert.All(cases, c =>
        {
            var message = c.GetProperty("message");
            Assert.Equal(c.GetProperty("hmac_input").GetString(), Text(message.GetRawText()));
            Assert.Equal(message.GetProperty("message_signature").GetString(), MessageSignature.Compute(message, secrets));
            Assert.True(MessageSignature.Verify(message, secrets));
        });
    }

    [Theory]
    [InlineData("""{"a": 1.0}""", "a1.0")]
    [InlineData("""{"a": -0}""", "a0")]
    [InlineData("""{"a": 12.50}""", "a12.5")]
    [InlineData("""{"a": 100.0}""", "a100.0")]
    [InlineData("""{"a": 12345678901234567.5}""", "a1.2345678901234568e+16")]
    [InlineData("""{"a": -0.0}""", "a-0.0")]
    [InlineData("""{"a": 1e5}""", "a100000.0")]
    [InlineData("""{"a": 1e16}""", "a1e+16")]
    [InlineData("""{"a": 1E23}""", "a1e+23")]
    [InlineData("""{"a": 0.0001}""", "a0.0001")]
    [InlineData("""{"a": 0.00001234}""", "a1.234e-05")]
    [InlineData("""{"a": 123456789012345.6}""", "a123456789012345.6")]
    [InlineData("""{"a": 5e-324}""", "a5e-324")]
    [InlineData("""{"a": 1.7976931348623157e308}""", "a1.7976931348623157e+308")]
    [InlineData("""{"a": NaN, "b": Infinity, "c": [-Infinity]}""", "ananbinfc[-inf]")]
    [InlineData("""{"a": 123456789012345678901234567890}""", "a123456789012345678901234567890")]
    [InlineData("""{"a": "x", "a": "y"}""", "ay")]
    [InlineData("""{"b": 1, "\u0061": 2}""", "a2b1")]
    [InlineData("""{"a": {}, "b": [], "c": [{}]}""", "b[]c[{}]")]
    [InlineData("""{"message_signature": "x", "x": {"message_signature": 1}}""", "x:message_signature1")]
    [InlineData("""{"message_signature": {"a": 1}}""", "message_signature:a1")]
    [InlineData("""{"a.b": 1, "a": {"c": 2}}""", "a:c2a.b1")]
    [InlineData("""{"\uffff": 1, "\ud83d\udc22": 2}""", "\uffff1\U0001F4222")] // by code point, not by UTF-16 unit
    [InlineData("""{"a": ["it's", "\"", "it's \"q\"", "\\\n\r\t\u0001\u007f"]}""", """a[b"it's", b'"', b'it\'s "q"', b'\\\n\r\t\x01\x7f']""")]
    [InlineData("""{"a": "NaN \" NaN"}""", "aNaN \" NaN")]
    [InlineData("""{"a": [{"b": 1, "a": {"d": 1, "c": [true, null]}}]}""", "a[{b'a': {b'c': [True, None], b'd': 1}, b'b': 1}]")]
    [InlineData("""{"a": [1e16, 0.1, 1e-7, 100.0, -0.0, NaN]}""", "a[1e+16, 0.1, 1e-07, 100.0, -0.0, nan]")]
    [InlineData("""{"l": [["z", ["y"]], {}]}""", "l[[b'z', [b'y']], {}]")]
    [InlineData("""{"l": [{"é": 1, "a": "ü"}]}""", @"l[{b'a': b'\xc3\xbc', b'\xc3\xa9': 1}]")]
    [InlineData("""{"a": {"b": {"c": 1}, "b:c": 2}}""", "a:b:c1a:b:c2")]
    public void The_signed_text_is_what_Python_prints(string message, string text) => Assert.Equal(text, Text(message));

    [Fact]
    public void A_message_of_many_long_keys_is_sorted_whole()
    {
        var keys = Enumerable.Range(0, 500).Select(i => $"{new string('k', 50)}{i * 7 % 500:000}").ToList();
        var message = JsonSerializer.Serialize(keys.ToDictionary(k => k, _ => 0));

        Assert.Equal(string.Concat(keys.Order(StringComparer.Ordinal).Select(k => k + "0")), Text(message));
    }

    [Fact]
    public void Any_of_several_secrets_verifies_and_the_first_one_signs()
    {
        var rotated = new SigningSecrets(["new", "s3cr3t"]);
        var old = Signed("""{"a": 1}""", Secret);

        Assert.True(Verify(old, rotated));
        Assert.Equal(Compute("""{"a": 1}""", "new"), MessageSignature.Compute(Json("""{"a": 1}"""), rotated));
        Assert.False(Verify(Signed("""{"a": 1}""", rotated), Secret));
    }

    [Theory]
    [InlineData("""{"a": 1}""")]
    [InlineData("""{"a": 1, "message_signature": ""}""")]
    [InlineData("""{"a": 1, "message_signature": null}""")]
    [InlineData("""{"a": 1, "message_signature": 7}""")]
    [InlineData("""{"a": 1, "message_signature": "\u017c"}""")]
    [InlineData("""{"a": 1, "message_signature": "żółw"}""")]
    [InlineData("""{"a": 1, "message_signature": "0353ab4e9507f54024a11b63fe827451a71fcd0eafe191b713b6bab6c4abc46e"}""")]
    public void A_missing_or_wrong_signature_does_not_verify(string message) => Assert.False(Verify(message, Secret));

    [Fact]
    public void A_signature_with_one_wrong_digit_does_not_verify_wherever_that_is()
    {
        var text = "a1"u8.ToArray();
        var right = Convert.ToHexStringLower(HMACSHA256.HashData("s3cr3t"u8, text)).ToCharArray();

        Assert.True(MessageSignature.Verify(text, Encoding.ASCII.GetBytes(right), Secret));
        for (var i = 0; i < right.Length; i++)
        {
            var wrong = (char[])right.Clone();
            wrong[i] = wrong[i] == '0' ? '1' : '0';
            Assert.False(MessageSignature.Verify(text, Encoding.ASCII.GetBytes(wrong), Secret), $"digit {i}");
        }
    }

    [Fact]
    public void A_signature_in_capitals_does_not_verify()
    {
        var signed = Signed("""{"a": 1}""", Secret);
        var signature = Json(signed).GetProperty("message_signature").GetString()!;

        Assert.True(Verify(signed, Secret));
        Assert.False(Verify(signed.Replace(signature, signature.ToUpperInvariant(), StringComparison.Ordinal), Secret));
    }

    [Fact]
    public void A_changed_value_does_not_verify() =>
        Assert.False(Verify(Signed("""{"a": 1}""", Secret).Replace("\"a\": 1", "\"a\": 2", StringComparison.Ordinal), Secret));

    [Fact]
    public void Without_a_secret_or_with_an_empty_one_everything_verifies_and_signatures_are_empty()
    {
        Assert.True(Verify("""{"a": 1, "message_signature": "x"}""", SigningSecrets.None));
        Assert.True(Verify("""{"a": 1}""", new(["s3cr3t", ""])));
        Assert.Equal("", Compute("""{"a": 1}""", ""));
    }

    [Fact]
    public void Half_a_surrogate_pair_cannot_be_signed_and_does_not_verify()
    {
        var message = $$"""{"a": "\ud83d", "message_signature": "{{new string('0', 64)}}"}""";

        Assert.Throws<JsonException>(() => Compute(message, "s3cr3t"));
        Assert.False(Verify(message, Secret));
    }

    private static JsonElement Json(string message) => PythonJson.Parse(Encoding.UTF8.GetBytes(message)).RootElement;

    private static string Text(string message)
    {
        using var text = SignedText.Of(Json(message));
        return Encoding.UTF8.GetString(text.Utf8);
    }

    private static string Compute(string message, string secret) => MessageSignature.Compute(Json(message), new([secret]));

    private static bool Verify(string message, SigningSecrets secrets) => MessageSignature.Verify(Json(message), secrets);

    private static string Signed(string message, SigningSecrets secrets) =>
        message.TrimEnd('}') + $$""", "message_signature": "{{MessageSignature.Compute(Json(message), secrets)}}"}""";
}
