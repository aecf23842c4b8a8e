using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Metering;

/// <summary>The metadata of a resource as one sample carried it: a JSON object in canonical form.</summary>
/// <remarks>
/// Canonical: no white space, the keys of every object in ordinal order, of repeated keys the last one, numbers as they were written.
/// Equal metadata have equal bytes, so that a version is told by comparing them.
/// </remarks>
public sealed class Metadata : IEquatable<Metadata>
{
    /// <summary>How deep objects and lists may lie in each other.</summary>
    public const int MaxDepth = 64;

    public static readonly Metadata Empty = new("{}"u8.ToArray());

    private static readonly JsonWriterOptions CanonicalOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly byte[] _utf8;
    private readonly int _hash;
    private JsonElement? _root;

    private Metadata(byte[] utf8)
    {
        _utf8 = utf8;
        var hash = new HashCode();
        hash.AddBytes(utf8);
        _hash = hash.ToHashCode();
    }

    /// <summary>The canonical JSON text.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8;

    /// <summary>The object itself.</summary>
    public JsonElement Root
    {
        get
        {
            if (_root is null)
            {
                var reader = new Utf8JsonReader(_utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
                _root = JsonElement.ParseValue(ref reader);
            }
            return _root.Value;
        }
    }

    /// <summary>Reads any JSON object.</summary>
    /// <exception cref="JsonException">It is no JSON object, deeper than <see cref="MaxDepth"/>, or has text that is no Unicode (half a surrogate pair).</exception>
    public static Metadata Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        var root = JsonElement.ParseValue(ref reader);
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonException("Metadata is a JSON object.");
        return From(root);
    }

    /// <summary>Takes bytes that <see cref="Utf8"/> once gave, without looking at them again.</summary>
    public static Metadata FromCanonical(ReadOnlySpan<byte> utf8) => utf8.SequenceEqual("{}"u8) ? Empty : new(utf8.ToArray());

    /// <summary>The canonical form of a JSON object.</summary>
    public static Metadata From(JsonElement root)
    {
        var buffer = new ArrayBufferWriter<byte>(JsonMarshal.GetRawUtf8Value(root).Length + 16);
        try
        {
            using var writer = new Utf8JsonWriter(buffer, CanonicalOptions);
            WriteCanonical(writer, root);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("Metadata has text that is no Unicode.", e);
        }
        return FromCanonical(buffer.WrittenSpan);
    }

    /// <summary>The value of a key, by a path whose segments are joined with dots; <c>[n]</c> names an element of a list.</summary>
    /// <returns>Null for objects and lists, which no query can compare, and where there is no such key; all keys for <see cref="Field.MetadataItems"/>.</returns>
    public QueryValue this[string path] =>
        path == Field.MetadataItems.Path ? QueryValue.Of([.. Flatten().Select(p => new MetadataItem(p.Key, p.Value))])
        : Find(Root, path) is { } element ? ValueOf(element) : QueryValue.Null;

    /// <summary>The keys and values as Ceilometer shows them: nested keys joined (see <c>Flatten</c>), every value as Python's text.</summary>
    public IReadOnlyDictionary<string, string> Flatten() => MetadataText.Flatten(Root);

    public bool Equals(Metadata? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _utf8.AsSpan().SequenceEqual(other._utf8));

    public override bool Equals(object? obj) => Equals(obj as Metadata);

    public override int GetHashCode() => _hash;

    public override string ToString() => Encoding.UTF8.GetString(_utf8);

    private static JsonElement? Find(JsonElement element, string path)
    {
        // A key may itself hold dots, so the longest key that fits is tried first, then shorter ones.
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        for (var end = path.Length; end > 0; end = path.LastIndexOf('.', end - 1))
        {
            var key = path[..end];
            if (Step(element, key) is { } next)
            {
                if (end == path.Length)
                    return next;
                if (Find(next, path[(end + 1)..]) is { } found)
                    return found;
            }
        }
        return null;
    }

    private static JsonElement? Step(JsonElement element, string key)
    {
        if (element.TryGetProperty(key, out var next))
            return next;
        var open = key.IndexOf('[');
        if (open <= 0 || !key.EndsWith(']') || !element.TryGetProperty(key[..open], out next))
            return null;
        foreach (var index in key[(open + 1)..^1].Split("]["))
        {
            if (!int.TryParse(index, out var n) || next.ValueKind != JsonValueKind.Array || n < 0 || n >= next.GetArrayLength())
                return null;
            next = next[n];
        }
        return next;
    }

    private static QueryValue ValueOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => QueryValue.Of(element.GetString()),
        JsonValueKind.True => QueryValue.Of(true),
        JsonValueKind.False => QueryValue.Of(false),
        JsonValueKind.Number => element.TryGetInt64(out var integer) && element.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0
            ? QueryValue.Of(integer)
            : QueryValue.Of(element.GetDouble()),
        _ => QueryValue.Null,
    };

    /// <summary>The keys in ordinal order, repeated ones as they came; in a rented array.</summary>
    private static ((string Name, int Place, JsonElement Value)[] Properties, int Count) Sorted(JsonElement value)
    {
        var properties = ArrayPool<(string Name, int Place, JsonElement Value)>.Shared.Rent(value.GetPropertyCount());
        var count = 0;
        foreach (var property in value.EnumerateObject())
            properties[count] = (property.Name, count++, property.Value);
        properties.AsSpan(0, count).Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name) is var by && by != 0 ? by : a.Place.CompareTo(b.Place));
        return (properties, count);
    }

    private static void WriteCanonical(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                var (properties, count) = Sorted(element);
                for (var i = 0; i < count; i++)
                {
                    var (name, _, value) = properties[i];
                    if (i + 1 < count && name == properties[i + 1].Name)
                        continue; // of repeated keys the last one
                    writer.WritePropertyName(name);
                    WriteCanonical(writer, value);
                }
                ArrayPool<(string, int, JsonElement)>.Shared.Return(properties, clearArray: true);
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                    WriteCanonical(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Number:
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(element), skipInputValidation: true);
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
