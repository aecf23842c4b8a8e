using System.Buffers;
using System.Text.Json;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>Any JSON, as it is. Literals may hold variables.</summary>
internal sealed class JsonType() : ScalarType("JSON")
{
    public static readonly JsonType Instance = new() { Description = "Any JSON value." };

    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, literal, variables);
        var reader = new Utf8JsonReader(buffer.WrittenSpan, new JsonReaderOptions { MaxDepth = ParserOptions.HighestDepth });
        return JsonElement.ParseValue(ref reader);
    }

    public override object? ParseValue(JsonElement json) => json.Clone();

    public override object Serialize(object value) => value switch
    {
        JsonElement or string or bool or int or long or double => value,
        JsonDocument d => d.RootElement,
        _ => JsonSerializer.SerializeToElement(value, value.GetType()),
    };

    private static void Write(Utf8JsonWriter writer, ValueNode literal, IReadOnlyDictionary<string, object?>? variables)
    {
        switch (literal)
        {
            case IntValueNode v:
                writer.WriteRawValue(v.Value);
                break;
            case FloatValueNode v:
                writer.WriteRawValue(v.Value);
                break;
            case StringValueNode v:
                writer.WriteStringValue(v.Value);
                break;
            case EnumValueNode v:
                writer.WriteStringValue(v.Value);
                break;
            case BooleanValueNode v:
                writer.WriteBooleanValue(v.Value);
                break;
            case VariableNode v when variables?.GetValueOrDefault(v.Name.Value) is { } value:
                JsonSerializer.Serialize(writer, value, value.GetType());
                break;
            case ListValueNode v:
                writer.WriteStartArray();
                foreach (var item in v.Items)
                    Write(writer, item, variables);
                writer.WriteEndArray();
                break;
            case ObjectValueNode v:
                writer.WriteStartObject();
                foreach (var field in v.Fields)
                {
                    writer.WritePropertyName(field.Name.Value);
                    Write(writer, field.Value, variables);
                }

                writer.WriteEndObject();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }
}
