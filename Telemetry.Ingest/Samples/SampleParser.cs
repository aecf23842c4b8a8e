using System.Text.Json;
using System.Text.Unicode;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Samples;

/// <summary>Step 2 of the way of a sample, for JSON: reads a body into columns and checks each sample, up to the first fault.</summary>
/// <remarks>
/// What samples share (their series, their metadata) is recognised by its bytes in the body, so that samples of known series make no object,
/// not even a string. Reading notes where each field's value stands; checking (<c>SampleParser.Validate.cs</c>) looks at the values in the
/// contract's order. Not safe for use by several threads: <see cref="SampleReader"/> keeps a few.
/// </remarks>
internal sealed partial class SampleParser(SampleLimits limits, SharedSeries shared, SigningSecrets secrets)
{
    // A list, a wrapping object and the sample itself may lie around metadata.
    private const int MaxDepth = Metadata.MaxDepth + 3;

    private readonly SampleColumns _columns = new();
    private readonly FieldToken[] _tokens = new FieldToken[SampleFields.Count];
    private SampleRules _rules = null!;
    private long _now;
    private int _index; // of the sample that is being read
    private int _dropped;
    private int _itemStart; // of its object in the body
    private int _readFrom; // where in the body the reader's own positions begin
    private JsonReaderState _afterMetadata;

    /// <param name="lines">Samples follow each other as NDJSON; otherwise the body is a list, or <c>{"samples": [...]}</c>.</param>
    /// <param name="now">The timestamp of samples that have none, microseconds since 1970.</param>
    /// <exception cref="SampleFaultException">There is a fault; the first one is told.</exception>
    public ParsedSamples Parse(ReadOnlySpan<byte> body, bool lines, SampleRules rules, long now)
    {
        Begin(rules, now);
        if (!Utf8.IsValid(body))
            throw Fault(SampleFaultKind.Format, "The body is not valid UTF-8.");
        if (body.Trim(" \t\r\n"u8).IsEmpty)
            throw NoSamples();

        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth, AllowMultipleValues = lines });
        try
        {
            if (lines)
                ReadLines(ref reader, body);
            else
                ReadList(ref reader, body);
        }
        catch (JsonException e)
        {
            throw Fault(SampleFaultKind.Format, reader.CurrentDepth >= MaxDepth - 1
                ? $"JSON is nested deeper than {Metadata.MaxDepth} levels."
                : $"It breaks after byte {_readFrom + reader.BytesConsumed}, at sample {_index}.", e);
        }
        if (_index == 0)
            throw NoSamples();
        return new(_columns.ToBatch(), rules.Meter is null ? null : _columns.ToGivenForm(), _dropped) { IsSigned = _signed == _index };
    }

    private void Begin(SampleRules rules, long now)
    {
        (_rules, _now, _index, _dropped, _signed, _lastMetadata, _readFrom) = (rules, now, 0, 0, 0, default, 0);
        _columns.Clear();
        BeginValidation();
    }

    private void ReadLines(ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        while (reader.Read())
            ReadItem(ref reader, body);
    }

    private void ReadList(ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        reader.Read();
        var wrapped = reader.TokenType == JsonTokenType.StartObject;
        if (wrapped)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("samples"u8))
                throw NoList(body);
            reader.Read();
        }
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                ReadItem(ref reader, body);
        }
        else if (reader.TokenType != JsonTokenType.Null)
        {
            throw NoList(body);
        }
        if (wrapped && reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            throw NoList(body);
        reader.Read(); // throws where something follows
    }

    private void ReadItem(ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        if (_index == limits.MaxSamples)
            throw Fault(SampleFaultKind.TooMany, $"A body holds at most {limits.MaxSamples} samples.");
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            var token = Token(ref reader);
            throw Fault(SampleFaultKind.Malformed, "A sample is a JSON object.", token, body);
        }
        Array.Clear(_tokens);
        _itemStart = _readFrom + (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = FieldOf(ref reader);
            if (field == SampleField.ResourceMetadata)
            {
                ReadMetadata(ref reader, body);
                continue;
            }
            reader.Read();
            _tokens[(int)field] = Token(ref reader); // of repeated fields the last counts
        }
        Validate(body, body[_itemStart..(_readFrom + (int)reader.BytesConsumed)]);
        _index++;
    }

    /// <summary>Reads over a sample's metadata.</summary>
    /// <remarks>
    /// Samples of one resource come one after another. Where the bytes are those of the sample before, they need not be tokenised again:
    /// the reader is set behind them, in the state in which it was behind the first ones. Measured: a fifth of a sample's whole time.
    /// </remarks>
    private void ReadMetadata(ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        var start = _readFrom + (int)reader.BytesConsumed;
        if (start < body.Length && body[start] == ' ')
            start++;
        var length = _lastMetadata.Length;
        if (length > 0 && body[start..].StartsWith(body.Slice(_lastMetadata.Start, length)))
        {
            _tokens[(int)SampleField.ResourceMetadata] = new(JsonTokenType.StartObject, start, length, Escaped: false);
            _readFrom = start + length;
            reader = new(body[_readFrom..], isFinalBlock: true, _afterMetadata);
            return;
        }
        reader.Read();
        _tokens[(int)SampleField.ResourceMetadata] = Token(ref reader);
        if (reader.TokenType == JsonTokenType.EndObject)
            _afterMetadata = reader.CurrentState;
    }

    private SampleField FieldOf(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped && SampleFields.Parse(reader.ValueSpan, _rules.Meter is null) is { } known)
            return known;
        var name = Unescaped(ref reader);
        return SampleFields.Parse(System.Text.Encoding.UTF8.GetBytes(name), _rules.Meter is null)
            ?? throw new SampleFaultException(new(SampleFaultKind.Unknown, _index, Cut(name), null, "A sample has no such field."));
    }

    private FieldToken Token(ref Utf8JsonReader reader)
    {
        var type = reader.TokenType;
        var start = (int)reader.TokenStartIndex;
        var escaped = reader.ValueIsEscaped;
        if (type is JsonTokenType.StartObject or JsonTokenType.StartArray)
            reader.Skip();
        return new(type, _readFrom + start, (int)reader.BytesConsumed - start, escaped);
    }
}
