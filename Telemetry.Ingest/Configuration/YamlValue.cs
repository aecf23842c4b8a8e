using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Telemetry.Ingest.Configuration;

/// <summary>A value in a YAML file, with the place that an error message needs.</summary>
/// <remarks>
/// Scalars have the types that PyYAML gives them, since the files are written for it; anchors, aliases and merge keys
/// (<c>&lt;&lt;</c>) work. Every way into the tree is counted, so that nested aliases cannot make a small file large.
/// </remarks>
internal sealed partial class YamlValue
{
    public const int MaxFileLength = 4 << 20;
    public const int MaxDepth = 32;
    private const int MaxVisits = 200_000;

    private readonly YamlNode _node;
    private readonly Document _document;
    private readonly int _depth;
    private readonly long _line;
    private OrderedDictionary<string, YamlValue>? _entries;

    private YamlValue(YamlNode node, Document document, int depth, long? line = null)
    {
        (_node, _document, _depth, _line) = (node, document, depth, line ?? node.Start.Line);
        if (depth > MaxDepth)
            throw Error($"Nested deeper than {MaxDepth} levels.");
        if (++document.Visits > MaxVisits)
            throw Error("Too large once its aliases are followed.");
    }

    public long Line => _line;
    public bool IsMap => _node is YamlMappingNode;
    public bool IsList => _node is YamlSequenceNode;
    public bool IsNull => _node is YamlScalarNode s && Plain(s) && s.Value is null or "" or "~" or "null" or "Null" or "NULL";

    /// <summary>Reads a file's only document.</summary>
    /// <exception cref="ConfigurationFileException">It is no YAML, or empty.</exception>
    public static YamlValue Parse(string file, string text)
    {
        if (text.Length > MaxFileLength)
            throw new ConfigurationFileException(file, 1, $"Longer than {MaxFileLength} characters.");
        var stream = new YamlStream();
        try
        {
            CheckDepth(file, text);
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new ConfigurationFileException(file, e.Start.Line, e.Message, e);
        }
        return stream.Documents.Count == 1
            ? new(stream.Documents[0].RootNode, new Document(file), 0)
            : throw new ConfigurationFileException(file, 1, stream.Documents.Count == 0 ? "The file is empty." : "The file holds more than one document.");
    }

    /// <summary>A map without entries, at the place of another value.</summary>
    public static YamlValue EmptyMap(YamlValue at) => new(new YamlMappingNode(), at._document, at._depth, at.Line);

    public ConfigurationFileException Error(string reason, Exception? cause = null) => new(_document.File, Line, reason, cause);

    /// <summary>The items of a list; of a single value itself.</summary>
    public IEnumerable<YamlValue> ItemsOrSelf() => IsList ? Items() : [this];

    public IEnumerable<YamlValue> Items() => _node is YamlSequenceNode list
        ? list.Select(Inner)
        : throw Error("A list is expected here.");

    /// <summary>The entries of a map in their order, merged maps first.</summary>
    public IReadOnlyDictionary<string, YamlValue> Entries() => _entries ??= ReadEntries();

    private OrderedDictionary<string, YamlValue> ReadEntries()
    {
        if (_node is not YamlMappingNode map)
            throw Error("A map is expected here.");
        var merged = new OrderedDictionary<string, YamlValue>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Children)
        {
            if (key is YamlScalarNode { Value: "<<" } scalar && Plain(scalar))
            {
                // Of several merged maps the first one that has a key counts.
                foreach (var entry in Inner(value).ItemsOrSelf().Reverse().SelectMany(m => m.Entries()))
                    merged[entry.Key] = entry.Value;
            }
        }
        foreach (var (key, value) in map.Children)
        {
            if (key is not YamlScalarNode { Value: { } name } scalar)
                throw Inner(key).Error("A key is text.");
            if (name != "<<" || !Plain(scalar))
                merged[name] = Inner(value);
        }
        return merged;
    }

    /// <summary>The value of a key; null where the key is missing or its value is null.</summary>
    public YamlValue? this[string key] => Entries().GetValueOrDefault(key) is { IsNull: false } value ? value : null;

    public YamlValue Required(string key) => this[key] ?? throw Error($"'{key}' is missing.");

    /// <exception cref="ConfigurationFileException">The map has a key that is not among the known ones.</exception>
    public void AllowOnly(params ReadOnlySpan<string> known)
    {
        foreach (var (key, value) in Entries())
        {
            if (!known.Contains(key))
                throw value.Error($"'{key}' is not known here; known are {string.Join(", ", known.ToArray())}.");
        }
    }

    /// <summary>A scalar as it is written; numbers too.</summary>
    public string Text() => _node is YamlScalarNode scalar ? scalar.Value ?? "" : throw Error("A text is expected here.");

    /// <summary>A scalar with its type: null, bool, long, double or string.</summary>
    public object? Scalar()
    {
        var text = Text();
        if (_node is YamlScalarNode s && !Plain(s))
            return text;
        if (IsNull)
            return null;
        if (text is "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON")
            return true;
        if (text is "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF")
            return false;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            return integer;
        return FloatPattern().IsMatch(text) ? double.Parse(text, CultureInfo.InvariantCulture) : text;
    }

    public long Integer() => Scalar() as long? ?? throw Error($"'{Shown()}' is no integer.");

    public double Number() => Scalar() switch
    {
        long integer => integer,
        double number => number,
        _ => throw Error($"'{Shown()}' is no number."),
    };

    public bool Boolean() => Scalar() as bool? ?? throw Error($"'{Shown()}' is neither true nor false.");

    // The loader below recurses, this parser does not.
    private static void CheckDepth(string file, string text)
    {
        var parser = new Parser(new StringReader(text));
        for (var depth = 0; parser.MoveNext();)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > 2 * MaxDepth)
                throw new ConfigurationFileException(file, parser.Current.Start.Line, $"Nested deeper than {MaxDepth} levels.");
        }
    }

    /// <summary>The value as JSON, all scalars as texts: what it says, however it is laid out.</summary>
    public string ToJson() => IsMap
        ? $"{{{string.Join(",", Entries().Select(e => $"{JsonSerializer.Serialize(e.Key)}:{e.Value.ToJson()}"))}}}"
        : IsList ? $"[{string.Join(",", Items().Select(i => i.ToJson()))}]" : JsonSerializer.Serialize(Text());

    private string Shown() => _node is YamlScalarNode scalar ? scalar.Value ?? "" : IsList ? "a list" : "a map";

    private YamlValue Inner(YamlNode node) => new(node, _document, _depth + 1);

    private static bool Plain(YamlScalarNode scalar) => scalar.Style is ScalarStyle.Plain or ScalarStyle.Any;

    [GeneratedRegex(@"\A[-+]?(\d[\d_]*)?\.\d*([eE][-+]?\d+)?\z|\A[-+]?\d+[eE][-+]?\d+\z", RegexOptions.NonBacktracking)]
    private static partial Regex FloatPattern();

    private sealed class Document(string file)
    {
        public string File { get; } = file;
        public int Visits { get; set; }
    }
}
