namespace Telemetry.Ingest.Definitions;

/// <summary>The definitions that come with the program, for sites that have none of their own.</summary>
internal static class ShippedDefinitions
{
    public const string MetersFile = "meters.yaml";
    public const string EventsFile = "event_definitions.yaml";

    public static MeterDefinitions Meters() => MeterDefinitions.Read([(MetersFile, Text(MetersFile))]);

    public static EventDefinitions Events(bool dropUnmatched = false) => EventDefinitions.Read(EventsFile, Text(EventsFile), dropUnmatched);

    public static string Text(string file)
    {
        using var stream = typeof(ShippedDefinitions).Assembly.GetManifestResourceStream(file)
            ?? throw new FileNotFoundException($"'{file}' does not come with the program.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
