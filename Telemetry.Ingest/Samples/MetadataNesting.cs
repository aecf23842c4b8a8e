using System.Buffers;
using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Samples;

/// <summary>Metadata posted over REST is flat; its keys are split at every dot into nested objects for storage.</summary>
/// <remarks>Source: ceilometer/utils.py (restore_nesting). Where a key is both a value and a parent of others, the parent stays.</remarks>
internal static class MetadataNesting
{
    /// <param name="flat">Values are strings or null.</param>
    /// <exception cref="JsonException">A key has more parts than <see cref="Metadata.MaxDepth"/>.</exception>
    public static Metadata Restore(Metadata flat)
    {
        var nested = false;
        var root = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var property in flat.Root.EnumerateObject())
        {
            nested |= property.Name.Contains('.', StringComparison.Ordinal);
            Put(root, property.Name, property.Value.GetString());
        }
        return nested ? Write(root) : flat;
    }

    private static void Put(SortedDictionary<string, object?> parent, string key, string? value)
    {
        var parts = key.Split('.');
        if (parts.Length > Metadata.MaxDepth)
            throw new JsonException($"The key '{key[..40]}…' has more than {Metadata.MaxDepth} parts.");
        foreach (var part in parts.AsSpan(0, parts.Length - 1))
        {
            if (parent.GetValueOrDefault(part) is not SortedDictionary<string, object?> child)
                parent[part] = child = new SortedDictionary<string, object?>(StringComparer.Ordinal);
            parent = child;
        }
        if (parent.GetValueOrDefault(parts[^1]) is not SortedDictionary<string, object?>)
            parent[parts[^1]] = value;
    }

    private static Metadata Write(SortedDictionary<string, object?> root)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, root);
        return Metadata.Parse(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, SortedDictionary<string, object?> parent)
    {
        writer.WriteStartObject();
        foreach (var (key, value) in parent)
        {
            writer.WritePropertyName(key);
            if (value is SortedDictionary<string, object?> child)
                Write(writer, child);
            else
                writer.WriteStringValue((string?)value);
        }
        writer.WriteEndObject();
    }
}
