using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Definitions;

/// <summary>The files that say what is made of notifications.</summary>
/// <param name="Meters">In Ceilometer's grammar of <c>meters.yaml</c>: files, or folders of which every <c>*.yaml</c> is read in the
/// order of their names. An earlier file's definition of a meter counts more, and the shipped ones come last.</param>
/// <param name="Events">An <c>event_definitions.yaml</c>; null for the shipped one.</param>
/// <param name="DropUnmatched">Whether notifications that no event definition is for give no event.</param>
public sealed record DefinitionFiles(IReadOnlyList<string> Meters, string? Events = null, bool DropUnmatched = false)
{
    public static readonly DefinitionFiles Shipped = new([]);

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationFileException">A file is wrong, or cannot be read.</exception>
    public NotificationConverter Load(NotificationOptions? options = null) => new(
        MeterDefinitions.Read([.. Meters.SelectMany(Expand).Select(f => (f, Text(f))), (ShippedDefinitions.MetersFile, ShippedDefinitions.Text(ShippedDefinitions.MetersFile))]),
        Events is null ? ShippedDefinitions.Events(DropUnmatched) : EventDefinitions.Read(Events, Text(Events), DropUnmatched),
        options);

    /// <summary>Reads one file of whichever kind it is, meters or events, and says what is in it.</summary>
    /// <exception cref="ConfigurationFileException">It is wrong, or cannot be read; the message reads <c>FILE:LINE: REASON</c>.</exception>
    public static string Check(string file)
    {
        var text = Text(file);
        var yaml = YamlValue.Parse(file, text);
        if (yaml.IsList)
            return $"{file}: {EventDefinitions.Read(file, text, dropUnmatched: true).Count} event definitions.";
        if (yaml.IsMap && yaml["metric"] is not null)
            return $"{file}: {MeterDefinitions.Read([(file, text)]).Count} meter definitions.";
        throw yaml.Error("It is neither a list of event definitions nor a map with the key 'metric' of meter definitions.");
    }

    private static IEnumerable<string> Expand(string path) =>
        Directory.Exists(path) ? Directory.GetFiles(path, "*.yaml").Order(StringComparer.Ordinal) : [path];

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationFileException(file, 1, $"It cannot be read: {e.Message}", e);
        }
    }
}
