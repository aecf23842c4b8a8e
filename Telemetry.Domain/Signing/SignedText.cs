using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Telemetry.Domain.Signing;

/// <summary>The text of a message that its signature is made over.</summary>
/// <remarks>
/// Names and values follow each other without separators, the keys of every object by code point. Nested keys are joined by colons.
/// A value is what Python's <c>str()</c> gives for it, but that text within lists is bytes: <c>[b'x', 1, None]</c>.
/// The top-level <c>message_signature</c> is left out.
/// </remarks>
internal sealed class SignedText : IDisposable
{
    private byte[] _text = ArrayPool<byte>.Shared.Rent(1024);
    private byte[] _name = ArrayPool<byte>.Shared.Rent(256);
    private int _length;
    private int _nameLength;

    private SignedText() { }

    public ReadOnlySpan<byte> Utf8 => _text.AsSpan(0, _length);

    /// <exception cref="JsonException">A text is no valid Unicode.</exception>
    public static SignedText Of(JsonElement message)
    {
        var text = new SignedText();
        try
        {
            text.AddObject(message);
            return text;
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    /// <summary>The part of one property.</summary>
    /// <exception cref="JsonException">A text is no valid Unicode.</exception>
    public static SignedText Of(string name, JsonElement value)
    {
        var text = new SignedText();
        try
        {
            text.AddProperty(Encoding.UTF8.GetBytes(name), value);
            return text;
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    /// <summary>Whether a number that Python wrote into JSON is what it prints for it, too.</summary>
    public static bool IsPrintedByPython(ReadOnlySpan<byte> raw) => IsPythonInteger(raw) || IsPythonFloat(raw);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_text);
        ArrayPool<byte>.Shared.Return(_name);
        (_text, _name, _length) = ([], [], 0);
    }

    private void AddObject(JsonElement value)
    {
        var pairs = Sorted(value, out var count);
        var parent = _nameLength;
        for (var i = 0; i < count; i++)
        {
            AddProperty(pairs[i].Key, pairs[i].Value);
            _nameLength = parent;
        }
        ArrayPool<Pair>.Shared.Return(pairs, clearArray: true);
    }

    private void AddProperty(ReadOnlySpan<byte> key, JsonElement value)
    {
        AddName(key);
        if (value.ValueKind == JsonValueKind.Object)
        {
            AddName(":"u8);
            AddObject(value);
        }
        else if (!_name.AsSpan(0, _nameLength).SequenceEqual("message_signature"u8))
        {
            Add(_name.AsSpan(0, _nameLength));
            AddValue(value, inList: false);
        }
    }

    private void AddValue(JsonElement value, bool inList)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String when inList:
                AddBytes(Utf8Of(value));
                break;
            case JsonValueKind.String:
                Add(Utf8Of(value));
                break;
            case JsonValueKind.Number:
                AddNumber(value);
                break;
            case JsonValueKind.Array:
                AddList(value);
                break;
            case JsonValueKind.Object:
                AddDictionary(value);
                break;
            default:
                Add(value.ValueKind switch { JsonValueKind.True => "True"u8, JsonValueKind.False => "False"u8, _ => "None"u8 });
                break;
        }
    }

    private void AddList(JsonElement list)
    {
        Add("["u8);
        var first = true;
        foreach (var item in list.EnumerateArray())
        {
            if (!first)
                Add(", "u8);
            first = false;
            AddValue(item, inList: true);
        }
        Add("]"u8);
    }

    private void AddDictionary(JsonElement value)
    {
        var pairs = Sorted(value, out var count);
        Add("{"u8);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                Add(", "u8);
            AddBytes(pairs[i].Key);
            Add(": "u8);
            AddValue(pairs[i].Value, inList: true);
        }
        Add("}"u8);
        ArrayPool<Pair>.Shared.Return(pairs, clearArray: true);
    }

    private void AddNumber(JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (IsPrintedByPython(raw))
            Add(raw);
        else
            Add(Encoding.ASCII.GetBytes(PythonText.Number(value)));
    }

    private static bool IsPythonInteger(ReadOnlySpan<byte> raw) =>
        raw.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0 && !raw.SequenceEqual("-0"u8);

    // Written by Python it is the shortest form already; where .NET has the same digits there is nothing to compute.
    private static bool IsPythonFloat(ReadOnlySpan<byte> raw)
    {
        if (IsShortDecimal(raw))
            return true;
        Span<byte> shortest = stackalloc byte[32];
        if (!raw.Contains((byte)'.') || raw.IndexOfAny((byte)'e', (byte)'E') >= 0
            || !double.TryParse(raw, CultureInfo.InvariantCulture, out var value)
            || !value.TryFormat(shortest, out var length, "R", CultureInfo.InvariantCulture))
            return false;
        return raw.SequenceEqual(shortest[..length]) || (raw.EndsWith(".0"u8) && raw.Length < 18 && raw[..^2].SequenceEqual(shortest[..length]));
    }

    // Up to 15 digits come back as they are, whatever the double (DBL_DIG); beyond 0.0001 without an exponent.
    private static bool IsShortDecimal(ReadOnlySpan<byte> raw)
    {
        if (raw is [(byte)'-', ..])
            raw = raw[1..];
        var point = raw.IndexOf((byte)'.');
        return raw.Length is >= 3 and <= 16 && point > 0 && !raw.StartsWith("0."u8) && raw[..point].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            && raw[(point + 1)..] is [.., var last] fraction && fraction.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && (last != '0' || fraction.Length == 1);
    }

    /// <summary>Python's repr of bytes: quoted by <c>'</c>, or by <c>"</c> where only the former occurs inside.</summary>
    private void AddBytes(ReadOnlySpan<byte> bytes)
    {
        var quote = bytes.Contains((byte)'\'') && !bytes.Contains((byte)'"') ? (byte)'"' : (byte)'\'';
        Add([(byte)'b', quote]);
        foreach (var b in bytes)
        {
            switch (b)
            {
                case (byte)'\\': Add(@"\\"u8); break;
                case (byte)'\n': Add(@"\n"u8); break;
                case (byte)'\r': Add(@"\r"u8); break;
                case (byte)'\t': Add(@"\t"u8); break;
                case < 0x20 or >= 0x7f: Add(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\x{b:x2}"))); break;
                default:
                    if (b == quote)
                        Add("\\"u8);
                    Add([b]);
                    break;
            }
        }
        Add([quote]);
    }

    /// <summary>An object's keys and values, sorted by key; of a repeated key the last value. The array is rented.</summary>
    private static Pair[] Sorted(JsonElement value, out int count)
    {
        var pairs = ArrayPool<Pair>.Shared.Rent(Math.Max(1, value.GetPropertyCount()));
        count = 0;
        foreach (var property in value.EnumerateObject())
            pairs[count] = new(property, count++);
        var all = pairs.AsSpan(0, count);
        all.Sort(static (a, b) => a.CompareTo(b));
        var kept = 0;
        for (var i = 0; i < all.Length; i++)
        {
            if (i + 1 == all.Length || !all[i].HasKeyOf(all[i + 1]))
                all[kept++] = all[i];
        }
        count = kept;
        return pairs;
    }

    private static ReadOnlySpan<byte> Utf8Of(JsonElement text)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        return raw.Contains((byte)'\\') ? Unescaped(text, static t => t.GetString()!) : raw;
    }

    private static byte[] Unescaped<T>(T json, Func<T, string> text)
    {
        try
        {
            return Encoding.UTF8.GetBytes(text(json));
        }
        catch (InvalidOperationException e) // half a surrogate pair: JSON can say it, UTF-8 cannot
        {
            throw new JsonException("A text of the message is no valid Unicode.", e);
        }
    }

    private void AddName(ReadOnlySpan<byte> part) => Append(ref _name, ref _nameLength, part);

    private void Add(ReadOnlySpan<byte> text) => Append(ref _text, ref _length, text);

    private static void Append(ref byte[] buffer, ref int length, ReadOnlySpan<byte> part)
    {
        if (length + part.Length > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, length + part.Length));
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        part.CopyTo(buffer.AsSpan(length));
        length += part.Length;
    }

    private readonly struct Pair
    {
        private readonly JsonProperty _property;
        private readonly byte[]? _unescaped;
        private readonly UInt128 _start;
        private readonly int _order;

        public Pair(JsonProperty property, int order)
        {
            (_property, _order) = (property, order);
            var raw = JsonMarshal.GetRawUtf8PropertyName(property);
            if (raw.Contains((byte)'\\'))
                raw = _unescaped = Unescaped(property, static p => p.Name);
            Span<byte> start = stackalloc byte[16];
            start.Clear();
            raw[..Math.Min(16, raw.Length)].CopyTo(start);
            _start = BinaryPrimitives.ReadUInt128BigEndian(start);
        }

        public ReadOnlySpan<byte> Key => _unescaped is null ? JsonMarshal.GetRawUtf8PropertyName(_property) : _unescaped;
        public JsonElement Value => _property.Value;

        // UTF-8 bytes sort as code points do; ordinal UTF-16 does not. The first bytes nearly always decide.
        public int CompareTo(Pair other) => _start != other._start
            ? _start < other._start ? -1 : 1
            : Key.SequenceCompareTo(other.Key) is var by && by != 0 ? by : _order.CompareTo(other._order);

        public bool HasKeyOf(Pair other) => _start == other._start && Key.SequenceEqual(other.Key);
    }
}
