using System.Text.Json;

namespace Telemetry.Domain;

/// <summary>The text within JSON.</summary>
public static class JsonText
{
    /// <summary>Goes through all text once: halves of surrogate pairs are JSON but no text, and throw where they are read.</summary>
    /// <exception cref="InvalidOperationException">There are some.</exception>
    public static void Demand(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    Demand(item);
                break;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    _ = property.Name;
                    Demand(property.Value);
                }
                break;
        }
    }
}
