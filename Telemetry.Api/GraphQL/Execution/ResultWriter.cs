using System.Text.Json;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Writes answers as JSON. Source: GraphQL, September 2025, section 7.</summary>
internal sealed class ResultWriter(Utf8JsonWriter writer, string? traceId)
{
    private static readonly JsonEncodedText DataName = JsonEncodedText.Encode("data");
    private static readonly JsonEncodedText ErrorsName = JsonEncodedText.Encode("errors");

    public void Write(OperationResult result)
    {
        writer.WriteStartObject();
        if (result.Errors.Count > 0)
        {
            writer.WriteStartArray(ErrorsName);
            foreach (var error in result.Errors)
                Write(error);
            writer.WriteEndArray();
        }

        if (result.HasData)
        {
            writer.WritePropertyName(DataName);
            WriteValue(result.Data);
        }

        if (result.Cost is { } cost)
        {
            writer.WriteStartObject("extensions");
            writer.WriteStartObject("cost");
            writer.WriteNumber("requested", cost.Requested);
            writer.WriteNumber("maximum", cost.Maximum);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>An error on its own, as the sockets' <c>error</c> messages hold.</summary>
    public void Write(IError error)
    {
        writer.WriteStartObject();
        writer.WriteString("message", error.Message);
        if (error.Locations.Count > 0)
        {
            writer.WriteStartArray("locations");
            foreach (var location in error.Locations)
            {
                writer.WriteStartObject();
                writer.WriteNumber("line", location.Line);
                writer.WriteNumber("column", location.Column);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        if (error.Path is { } path)
        {
            writer.WriteStartArray("path");
            foreach (var segment in path.Segments)
                WriteValue(segment);
            writer.WriteEndArray();
        }

        writer.WriteStartObject("extensions");
        writer.WriteString("code", error.Code ?? ErrorCodes.Internal);
        if (traceId is not null)
            writer.WriteString("traceId", traceId);
        foreach (var (key, value) in error.Extensions)
        {
            if (key is "code" or "traceId")
                continue;
            writer.WritePropertyName(key);
            JsonSerializer.Serialize(writer, value, value?.GetType() ?? typeof(object));
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    // As deep as the selections and lists, which the document's limits have bounded.
    private void WriteValue(object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string s:
                writer.WriteStringValue(s);
                break;
            case ObjectResult o:
                writer.WriteStartObject();
                for (var i = 0; i < o.Selections.Length; i++)
                {
                    writer.WritePropertyName(o.Selections[i].EncodedName);
                    WriteValue(o.Values[i]);
                }

                writer.WriteEndObject();
                break;
            case ListResult l:
                writer.WriteStartArray();
                foreach (var item in l.Values)
                    WriteValue(item);
                writer.WriteEndArray();
                break;
            case int n:
                writer.WriteNumberValue(n);
                break;
            case long n:
                writer.WriteNumberValue(n);
                break;
            case double n:
                writer.WriteNumberValue(n);
                break;
            case bool b:
                writer.WriteBooleanValue(b);
                break;
            case JsonElement j:
                j.WriteTo(writer);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.GetType(), "No scalar serializes to this.");
        }
    }
}
