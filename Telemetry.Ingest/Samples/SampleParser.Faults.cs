using System.Text;
using System.Text.Json;

namespace Telemetry.Ingest.Samples;

internal sealed partial class SampleParser
{
    private static SampleFaultException NoSamples() =>
        new(new(SampleFaultKind.NoSamples, null, null, null, "Samples should be included in request body"));

    private static SampleFaultException NoList(ReadOnlySpan<byte> body) =>
        new(new(SampleFaultKind.Malformed, null, null, Cut(body), "Samples are a JSON list of objects."));

    /// <summary>A fault of the body itself.</summary>
    private static SampleFaultException Fault(SampleFaultKind kind, string reason, Exception? cause = null) =>
        new(new(kind, null, null, null, reason), cause);

    /// <summary>A fault of the sample that is being read.</summary>
    private SampleFaultException Fault(SampleFaultKind kind, string reason, FieldToken token, ReadOnlySpan<byte> body) =>
        new(new(kind, _index, null, Shown(token, body), reason));

    /// <summary>A fault of one of its fields.</summary>
    private SampleFaultException Fault(SampleFaultKind kind, SampleField field, ReadOnlySpan<byte> body, string reason, Exception? cause = null) =>
        new(new(kind, _index, field.Name(), Shown(_tokens[(int)field], body), reason), cause);

    /// <summary>A value as messages show it: text without quotes, anything else as JSON; null for null.</summary>
    private static string? Shown(FieldToken token, ReadOnlySpan<byte> body) =>
        token.IsNullOrAbsent ? null : Cut(token.Type == JsonTokenType.String ? token.Text(body) : token.Raw(body));

    private static string Cut(ReadOnlySpan<byte> utf8) =>
        // Three bytes a UTF-16 unit at most; a character cut in half at the end is cut away with what follows it.
        Cut(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, 3 * SampleFault.MaxValueLength + 3)]));

    private static string Cut(string text)
    {
        if (text.Length <= SampleFault.MaxValueLength)
            return text;
        var end = SampleFault.MaxValueLength - (char.IsHighSurrogate(text[SampleFault.MaxValueLength - 1]) ? 1 : 0);
        return $"{text[..end]}…";
    }

    /// <summary>A property's name with its escapes resolved.</summary>
    private string Unescaped(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e) // an escaped surrogate without its other half
        {
            throw new SampleFaultException(
                new(SampleFaultKind.Malformed, _index, null, null, "The name of a field is not valid Unicode."), e);
        }
    }
}
