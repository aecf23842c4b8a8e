using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Notifications;

/// <summary>Collects keys and values for a sample's metadata; of a repeated key the last one counts.</summary>
/// <remarks>NaN and the infinities, which Python's JSON can say, become the texts that Python prints for them.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The writer holds nothing but memory of the collector's.")]
internal sealed class MetadataBuilder
{
    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly Utf8JsonWriter _writer;

    public MetadataBuilder()
    {
        _writer = new(_buffer, new JsonWriterOptions { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _writer.WriteStartObject();
    }

    /// <summary>Reads a whole object.</summary>
    /// <exception cref="JsonException">It is no object, or too deep.</exception>
    public static Metadata Of(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new JsonException($"Metadata is an object, not {PythonText.Repr(value)[..Math.Min(50, PythonText.Repr(value).Length)]}.");
        if (value.GetPropertyCount() == 0)
            return Metadata.Empty;
        return HoldsNonFinite(value) ? new MetadataBuilder().AddAll(value).Build() : Metadata.From(value);
    }

    public MetadataBuilder Add(string name, string? value)
    {
        _writer.WriteString(name, value);
        return this;
    }

    public MetadataBuilder Add(string name, JsonElement value)
    {
        _writer.WritePropertyName(name);
        if (HoldsNonFinite(value))
            WriteFinite(value);
        else
            _writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
        return this;
    }

    /// <summary>Adds an object's keys; nothing for any other value.</summary>
    public MetadataBuilder AddAll(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in value.EnumerateObject())
                Add(property.Name, property.Value);
        }
        return this;
    }

    /// <exception cref="JsonException">Values lie deeper in each other than <see cref="Metadata.MaxDepth"/>.</exception>
    public Metadata Build()
    {
        _writer.WriteEndObject();
        _writer.Flush();
        return Metadata.Parse(_buffer.WrittenSpan);
    }

    // Written by PythonJson only, so that nearly every value is copied as it is.
    private static bool HoldsNonFinite(JsonElement value) => JsonMarshal.GetRawUtf8Value(value).IndexOf("e99999"u8) >= 0;

    private void WriteFinite(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Number when !double.IsFinite(PythonJson.Double(value)):
                _writer.WriteStringValue(PythonText.Number(value));
                break;
            case JsonValueKind.Object:
                _writer.WriteStartObject();
                foreach (var property in value.EnumerateObject())
                {
                    _writer.WritePropertyName(property.Name);
                    WriteFinite(property.Value);
                }
                _writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                _writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    WriteFinite(item);
                _writer.WriteEndArray();
                break;
            default:
                value.WriteTo(_writer);
                break;
        }
    }
}
