namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>A SHA-256 hash of 32 bytes as 64 lower-case hexadecimal digits.</summary>
internal sealed class HashType() : TextScalarType("Hash")
{
    public static readonly HashType Instance = new() { Description = "A SHA-256 hash: 64 lower-case hexadecimal digits." };

    protected override object? Parse(string text) =>
        text.Length == 64 && text.All(char.IsAsciiHexDigitLower) ? (object)(ReadOnlyMemory<byte>)Convert.FromHexString(text) : null;

    protected override string? Format(object value) => value switch
    {
        ReadOnlyMemory<byte> bytes => Convert.ToHexStringLower(bytes.Span),
        byte[] bytes => Convert.ToHexStringLower(bytes),
        _ => null,
    };
}
