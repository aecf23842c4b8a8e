using System.Text.Json;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Definitions.Paths;

namespace Telemetry.Ingest.Definitions;

/// <summary>Where a definition takes a value from: paths, a constant, or paths and a plugin.</summary>
internal sealed class FieldSource
{
    private readonly IReadOnlyList<NotificationPath> _paths;
    private readonly FieldPlugin? _plugin;
    private readonly JsonElement? _constant;

    private FieldSource(IReadOnlyList<NotificationPath> paths, FieldPlugin? plugin, JsonElement? constant) =>
        (_paths, _plugin, _constant) = (paths, plugin, constant);

    public bool GivesMany => _plugin is null or { GivesMany: true };

    /// <summary>Reads a path, a list of paths tried in order, a number, or a map of <c>fields</c> and <c>plugin</c>.</summary>
    /// <param name="known">Other keys that such a map may have.</param>
    /// <exception cref="ConfigurationFileException">It is none of these, or a path is wrong.</exception>
    public static FieldSource Read(YamlValue yaml, params ReadOnlySpan<string> known)
    {
        if (!yaml.IsMap)
            return ReadPaths(yaml, null);
        yaml.AllowOnly(["fields", "plugin", .. known]);
        return ReadPaths(yaml.Required("fields"), yaml["plugin"] is { } plugin ? FieldPlugin.Read(plugin) : null);
    }

    /// <summary>As <see cref="Read"/>, but a text that is no path of the notification means itself: <c>GiB</c>, <c>%</c>.</summary>
    public static FieldSource ReadLiteral(YamlValue yaml)
    {
        if (yaml.IsMap || yaml.IsList || yaml.Scalar() is not string text || text.StartsWith('$') || text.StartsWith('('))
            return Read(yaml);
        try
        {
            return new([NotificationPath.Parse(text)], null, JsonValues.Of(text));
        }
        catch (PathException)
        {
            return new([], null, JsonValues.Of(text));
        }
    }

    public static FieldSource Paths(params ReadOnlySpan<string> paths) => new([.. paths.ToArray().Select(NotificationPath.Parse)], null, null);

    /// <summary>All values but nulls, in order.</summary>
    /// <exception cref="PathException">A path takes too long on this notification.</exception>
    public IReadOnlyList<JsonElement> Values(JsonElement notification)
    {
        var matches = _paths.SelectMany(p => p.Find(notification)).Where(m => m.Value.ValueKind != JsonValueKind.Null).ToList();
        if (_plugin is not null)
            return [.. _plugin.Apply(matches).Where(v => v.ValueKind != JsonValueKind.Null)];
        return matches.Count == 0 && _constant is { } constant ? [constant] : [.. matches.Select(m => m.Value)];
    }

    /// <summary>The first value that is not null, else null.</summary>
    /// <exception cref="PathException">A path takes too long on this notification.</exception>
    public JsonElement? First(JsonElement notification)
    {
        if (_plugin is not null)
            return Values(notification) is [var made, ..] ? made : null;
        foreach (var path in _paths)
        {
            if (path.FindFirst(notification) is { } found)
                return found;
        }
        return _constant;
    }

    private static FieldSource ReadPaths(YamlValue yaml, FieldPlugin? plugin)
    {
        if (!yaml.IsList && yaml.Scalar() is long or double)
            return new([], plugin, JsonValues.Of(yaml.Scalar()));
        var paths = new List<NotificationPath>();
        foreach (var item in yaml.ItemsOrSelf())
        {
            try
            {
                paths.Add(NotificationPath.Parse(item.Text()));
            }
            catch (PathException e)
            {
                throw item.Error(e.Message, e);
            }
        }
        return paths.Count > 0 ? new(paths, plugin, null) : throw yaml.Error("The list of paths is empty.");
    }
}
