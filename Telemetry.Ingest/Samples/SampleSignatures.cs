using System.Text;
using System.Text.Json;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Samples;

/// <summary>Verifies samples' HMACs out of the bytes they came in. Not safe for use by several threads.</summary>
/// <remarks>
/// The text that was signed is put together from the tokens that the parser found, the metadata's is remembered; what Python may print otherwise
/// than it stands there (escapes, odd floats, lists) is left to <see cref="MessageSignature"/>, which takes three times as long.
/// </remarks>
internal sealed class SampleSignatures(SigningSecrets secrets)
{
    private static readonly (SampleField Field, byte[] Name)[] Signed =
    [
        .. Enum.GetValues<SampleField>().Where(f => f != SampleField.MessageSignature).OrderBy(f => f.Name(), StringComparer.Ordinal).Select(f => (f, Encoding.UTF8.GetBytes(f.Name()))),
    ];

    private byte[] _text = new byte[1_024];
    private int _length;

    /// <param name="tokens">The sample's, by field.</param>
    /// <param name="sample">Its whole object.</param>
    public bool IsRight(ReadOnlySpan<byte> body, ReadOnlySpan<FieldToken> tokens, ReadOnlySpan<byte> sample, MetadataForms metadata)
    {
        var claimed = tokens[(int)SampleField.MessageSignature];
        if (claimed.Type != JsonTokenType.String || claimed.Length != 2 + 64)
            return false;
        if (TryPutTogether(body, tokens, metadata))
            return MessageSignature.Verify(_text.AsSpan(0, _length), claimed.Text(body), secrets);
        var reader = new Utf8JsonReader(sample, new JsonReaderOptions { MaxDepth = 128 });
        return MessageSignature.Verify(JsonElement.ParseValue(ref reader), secrets);
    }

    private bool TryPutTogether(ReadOnlySpan<byte> body, ReadOnlySpan<FieldToken> tokens, MetadataForms metadata)
    {
        _length = 0;
        foreach (var (field, name) in Signed)
        {
            var token = tokens[(int)field];
            if (token.IsAbsent)
                continue;
            if (field == SampleField.ResourceMetadata && token.Type == JsonTokenType.StartObject)
            {
                Add(metadata.SignedText);
                continue;
            }
            Add(name);
            switch (token.Type)
            {
                case JsonTokenType.String when !token.Escaped: Add(token.Text(body)); break;
                case JsonTokenType.Number when MessageSignature.IsPrintedByPython(token.Raw(body)): Add(token.Raw(body)); break;
                case JsonTokenType.Null: Add("None"u8); break;
                default: return false;
            }
        }
        return true;
    }

    private void Add(ReadOnlySpan<byte> text)
    {
        if (_length + text.Length > _text.Length)
            Array.Resize(ref _text, Math.Max(2 * _text.Length, _length + text.Length));
        text.CopyTo(_text.AsSpan(_length));
        _length += text.Length;
    }
}
