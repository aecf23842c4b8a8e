using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Definitions;

/// <summary>The files that say what is made of notifications.</summary>
/// <param name="Meters">In Ceilometer's grammar of <c>meters.yaml</c>: files, or folders of which every <c>*.yaml</c> is read in the
/// order of their names. An earlier file's definition of a meter counts more, and the shipped ones come last.</param>
/// <param name="Events">An <c>event_definitions.yaml</c>; null for the shipped one.</param>
/// <param name="DropUnmatched">Whether notifications that no event definition is for give no event.</param>
public sealed record DefinitionFiles(IReadOnlyList<string> Meters, string? Events = null, bool DropUnmatched = false)
{
    public static readonly DefinitionFiles Shipped = new([]);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationFileException">A file is wrong, or cannot be read.</exception>
    public NotificationConverter Load(NotificationOptions? options = null, SampleReader? reader = null)
    {
        var shipped = (ShippedDefinitions.MetersFile, ShippedDefinitions.Text(ShippedDefinitions.MetersFile));
        return new(
            MeterDefinitions.Read([.. Meters.SelectMany(Expand).Select(f => (f, Text(f))), shipped]),
            Events is null ? ShippedDefinitions.Events(DropUnmatched) : EventDefinitions.Read(Events, Text(Events), DropUnmatched),
            options, reader);
    }

    /// <summary>Reads one file of whichever kind it is, definitions or pipelines of meters or events or what a polling agent polls, and says what is in it.</summary>
    /// <exception cref="ConfigurationFileException">It is wrong, or cannot be read; the message reads <c>FILE:LINE: REASON</c>.</exception>
    public static string Check(string file)
    {
        var text = Text(file);
        var yaml = YamlValue.Parse(file, text);
        if (yaml.IsList && PollingFile.IsPollsters(yaml))
            return $"{file}: {PollingFile.ReadPollsters(yaml)} dynamic pollsters.";
        if (yaml.IsList)
            return $"{file}: {EventDefinitions.Read(file, text, dropUnmatched: true).Count} event definitions.";
        if (yaml.IsMap && yaml["metric"] is not null)
            return $"{file}: {MeterDefinitions.Read([(file, text)]).Count} meter definitions.";
        if (yaml.IsMap && PollingFile.IsSources(yaml))
            return $"{file}: {PollingFile.ReadSources(yaml)} sources of polling.";
        if (yaml.IsMap && yaml["sources"] is { } sources)
        {
            var kind = sources.IsList && sources.Items().Any(s => s.IsMap && s["events"] is not null) ? "events" : "meters";
            return $"{file}: {PipelineFile.Read(file, text, kind).Sources.Count} sources of {kind}.";
        }
        throw yaml.Error("It is neither a list of event definitions or of dynamic pollsters, nor a map with the key 'metric' of meter definitions or 'sources' of a pipeline or of polling.");
    }

    /// <summary>What a message gives with these definitions, as indented JSON for a person to read: samples, events and problems.</summary>
    /// <param name="message">A message's body; signatures in it are not checked.</param>
    /// <exception cref="ConfigurationFileException">A file is wrong, or cannot be read.</exception>
    /// <exception cref="MalformedMessageException">The message cannot be read at all.</exception>
    public string Try(ReadOnlyMemory<byte> message)
    {
        var converted = Load().Convert(message);
        return JsonSerializer.Serialize(
            new
            {
                event_type = converted.EventType,
                samples = converted.Samples.Select(s => new
                {
                    name = s.Series.Meter,
                    type = s.Series.Type.Name(),
                    unit = s.Series.Unit,
                    volume = s.Volume,
                    resource_id = s.Series.ResourceId,
                    project_id = s.Series.ProjectId,
                    user_id = s.Series.UserId,
                    timestamp = UnixMicroseconds.Format(s.Timestamp),
                    resource_metadata = s.Metadata.Root,
                }),
                events = converted.Events.Select(e => new
                {
                    message_id = e.MessageId,
                    event_type = e.EventType,
                    generated = UnixMicroseconds.Format(e.GeneratedAt),
                    traits = e.Traits.Select(t => new { name = t.Name, type = t.Type.Name(), value = t.Text }),
                }),
                problems = converted.Problems,
            },
            Indented);
    }

    private static IEnumerable<string> Expand(string path) =>
        Directory.Exists(path) ? Directory.GetFiles(path, "*.yaml").Order(StringComparer.Ordinal) : [path];

    internal static string Text(string file)
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
