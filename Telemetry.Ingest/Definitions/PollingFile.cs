using System.Text.RegularExpressions;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Pipelines.Transformers;

namespace Telemetry.Ingest.Definitions;

/// <summary>The files of a polling agent, <c>polling.yaml</c> and definitions of dynamic pollsters: read to tell what is wrong with them, for nothing polls here.</summary>
/// <remarks>
/// Sources: ceilometer/polling/manager.py and dynamic_pollster.py of the newest release. The agent stops at a wrong <c>polling.yaml</c>, leaves a wrong pollster out, and
/// passes over keys that it does not know, which are refused here.
/// </remarks>
internal static partial class PollingFile
{
    private static readonly string[] Handlers = ["json", "xml", "text"];

    /// <summary>Attributes that are paths: keys with dots between them, and formulas of <c>value</c> after bars.</summary>
    private static readonly string[] Paths =
        ["value_attribute", "response_entries_key", "next_sample_url_attribute", "user_id_attribute", "project_id_attribute", "resource_id_attribute"];

    private static readonly string[] Texts =
        ["endpoint_type", "url_path", "host_command", "module", "authentication_object", "authentication_parameters", "barbican_secret_id", "default_value"];

    private static readonly string[] Keys =
    [
        .. Paths, .. Texts, "name", "sample_type", "unit", "namespaces", "metadata_fields", "metadata_mapping", "preserve_mapped_metadata", "skip_sample_values", "value_mapping",
        "headers", "timeout", "response_handlers", "extra_metadata_fields", "extra_metadata_fields_skip", "extra_metadata_fields_cache_seconds",
    ];

    /// <summary>Whether sources say what is polled, and not where it goes as a pipeline's do.</summary>
    public static bool IsSources(YamlValue yaml) => yaml["sinks"] is null && yaml["sources"] is { IsList: true } sources && sources.Items().All(s => s.IsMap && s["sinks"] is null);

    /// <summary>Whether a list is one of dynamic pollsters, and not of event definitions.</summary>
    public static bool IsPollsters(YamlValue yaml) => yaml.Items().Any(i => i.IsMap && (i["sample_type"] ?? i["value_attribute"]) is not null);

    /// <summary>How many sources a <c>polling.yaml</c> has.</summary>
    /// <exception cref="ConfigurationFileException">It is wrong.</exception>
    public static int ReadSources(YamlValue yaml)
    {
        yaml.AllowOnly("sources");
        return yaml.Required("sources").Items().Select(ReadSource).Count();
    }

    /// <summary>How many pollsters a file defines.</summary>
    /// <exception cref="ConfigurationFileException">It is wrong.</exception>
    public static int ReadPollsters(YamlValue yaml)
    {
        var names = new HashSet<string>();
        foreach (var pollster in yaml.Items())
        {
            ReadPollster(pollster, outer: null);
            var name = pollster.Required("name");
            if (!names.Add(name.Text()))
                throw name.Error($"There are two pollsters named '{name.Text()}'.");
        }
        return names.Count;
    }

    private static string ReadSource(YamlValue yaml)
    {
        yaml.AllowOnly("name", "interval", "meters", "resources", "discovery", "group_id_coordination_expression");
        PatternList.ReadNames(yaml.Required("meters"));
        Positive(yaml.Required("interval").Integer(), yaml.Required("interval"));
        foreach (var text in (yaml["resources"]?.Items() ?? []).Concat(yaml["discovery"]?.Items() ?? []))
            text.Text();
        yaml["group_id_coordination_expression"]?.Text();
        return yaml.Required("name").Text();
    }

    /// <param name="outer">The pollster whose metadata this one completes, from which it has what it does not say; null for one of its own.</param>
    private static void ReadPollster(YamlValue yaml, YamlValue? outer)
    {
        yaml.AllowOnly(outer is null ? Keys : [.. Keys, "value"]);
        var name = yaml.Required("name");
        if (!Name().IsMatch(name.Text()))
            throw name.Error($"'{name.Text()}' is no name of a pollster: words of letters, digits, '_' and '-' with dots between them, the last of which may be in braces.");
        Inherited("unit").Text();
        foreach (var text in Texts.Select(t => yaml[t]).OfType<YamlValue>().Concat(yaml["namespaces"]?.ItemsOrSelf() ?? []))
            text.Text();
        Conversion.ReadType(Inherited("sample_type"));
        var value = yaml["value_attribute"] ?? yaml["value"] ?? Inherited("value_attribute");
        if (name.Text().EndsWith('}') && !ListAttribute().IsMatch(value.Text()))
            throw value.Error($"'{value.Text()}' is not of the form '[LIST].ATTRIBUTE', which '{name.Text()}' takes its values from.");
        var runs = yaml["host_command"] is not null;
        if (!runs)
            yaml.Required("url_path");
        if (yaml["module"] is not null)
            yaml.Required("authentication_object");
        else if (!runs && outer is null)
            yaml.Required("endpoint_type");
        foreach (var path in Paths.Select(p => yaml[p]).OfType<YamlValue>().Concat(yaml["metadata_fields"]?.Items() ?? []))
        {
            if (path.Text().Split('|').Skip(1).FirstOrDefault(o => !o.Contains("value", StringComparison.Ordinal)) is { } operation)
                throw path.Error($"'{operation.Trim()}' does not use 'value', which it is to change.");
        }
        foreach (var map in new[] { "metadata_mapping", "value_mapping", "headers" })
            yaml[map]?.Entries();
        yaml["preserve_mapped_metadata"]?.Boolean();
        foreach (var skipped in yaml["skip_sample_values"]?.Items() ?? [])
            skipped.Scalar();
        foreach (var handler in yaml["response_handlers"]?.Items() ?? [])
        {
            if (!Handlers.Contains(handler.Text()))
                throw handler.Error($"'{handler.Text()}' reads no answer; there are {string.Join(", ", Handlers)}.");
        }
        if (yaml["timeout"] is { } timeout)
            Positive(timeout.Number(), timeout);
        yaml["extra_metadata_fields_cache_seconds"]?.Integer();
        foreach (var skip in yaml["extra_metadata_fields_skip"]?.Items() ?? [])
            skip.Entries();
        foreach (var extra in yaml["extra_metadata_fields"]?.ItemsOrSelf() ?? [])
            ReadPollster(extra, yaml);

        YamlValue Inherited(string key) => yaml[key] ?? outer?[key] ?? yaml.Required(key);
    }

    private static void Positive(double seconds, YamlValue yaml)
    {
        if (seconds <= 0)
            throw yaml.Error($"'{yaml.Text()}' seconds are not more than 0.");
    }

    [GeneratedRegex(@"\A[\w-]+(\.[\w-]+)*(\.\{\w+\})?\z", RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A\[\w+\](\.\w+)+\z", RegexOptions.NonBacktracking)]
    private static partial Regex ListAttribute();
}
