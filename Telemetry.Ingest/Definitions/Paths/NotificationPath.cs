using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>Names values in a notification, in the JSONPath dialect of Ceilometer's definition files.</summary>
/// <remarks>
/// <c>$.a.b</c>, <c>a[0]</c>, <c>a.*</c>, <c>a[*]</c>, <c>a[1:3]</c>, <c>..a</c>, <c>a.'b.c'</c>, unions <c>(x)|(y)</c> and
/// <c>a.b|c</c>, filters <c>[?(@.name='v')]</c> and <c>[?key=v &amp; n > 3]</c>, <c>+ - *</c> between paths, numbers and texts, and the
/// functions <c>`split(SEPARATOR, INDEX, MAX)`</c>, <c>`sub(/regex/, replacement)`</c>, <c>`len`</c>, <c>`sorted`</c>, <c>`this`</c>.
/// Sources: the grammars of jsonpath-rw and jsonpath-rw-ext.
/// </remarks>
internal sealed class NotificationPath
{
    public const int MaxLength = 1_000;

    private readonly string _text;
    private readonly PathNode _node;

    // Nearly all paths in use are keys only, which need no search.
    private readonly byte[][]? _keys;
    private readonly string? _fullPath;

    private NotificationPath(string text, PathNode node)
    {
        (_text, _node) = (text, node);
        if (node.Keys is { Count: > 0 } keys)
            (_keys, _fullPath) = ([.. keys.Select(Encoding.UTF8.GetBytes)], string.Join('.', keys));
    }

    /// <exception cref="PathException">The text is no path; the message says where.</exception>
    public static NotificationPath Parse(string text) => new(text, PathParser.Parse(text));

    /// <summary>All values found, in order; null values too.</summary>
    /// <exception cref="PathException">It takes too many steps; see <see cref="PathSearch"/>.</exception>
    public IReadOnlyList<PathMatch> Find(JsonElement root)
    {
        if (_keys is not null)
            return Follow(root) is { } value ? [new(value, Step: _fullPath)] : [];
        try
        {
            var search = new PathSearch(root);
            return [.. _node.Find(search, search.Root)];
        }
        catch (Exception e) when (e is PathException or RegexMatchTimeoutException)
        {
            throw new PathException($"Path '{_text}': {e.Message}", e);
        }
    }

    /// <summary>The first value found that is not null, else null.</summary>
    /// <exception cref="PathException">It takes too many steps; see <see cref="PathSearch"/>.</exception>
    public JsonElement? FindFirst(JsonElement root)
    {
        if (_keys is not null)
            return Follow(root) is { ValueKind: not JsonValueKind.Null } value ? value : null;
        foreach (var match in Find(root))
        {
            if (match.Value.ValueKind != JsonValueKind.Null)
                return match.Value;
        }
        return null;
    }

    private JsonElement? Follow(JsonElement root)
    {
        foreach (var key in _keys!)
        {
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(key, out root))
                return null;
        }
        return root;
    }

    public override string ToString() => _text;
}
