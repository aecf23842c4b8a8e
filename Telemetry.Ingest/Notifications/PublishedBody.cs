using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Ingest.Notifications;

/// <summary>What Ceilometer's <c>http://</c> publishers post: a JSON list of samples or events, or one of them.</summary>
public static class PublishedBody
{
    /// <exception cref="FormatException">A sample is wrong; the message names it by its place, from 0, and the field.</exception>
    public static IReadOnlyList<SampleInFlight> ReadSamples(ReadOnlyMemory<byte> body) => Read(body, "Sample", SampleMessage.ReadPublished);

    /// <param name="secrets">These publishers do not sign; an event that is signed all the same has to be signed rightly.</param>
    /// <exception cref="FormatException">An event is wrong; the message names it by its place, from 0, and the field.</exception>
    public static IReadOnlyList<TelemetryEvent> ReadEvents(ReadOnlyMemory<byte> body, SigningSecrets secrets) => Read(body, "Event", message =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(MessageSignature.Field, out _) && !MessageSignature.Verify(message, secrets)
            ? throw new FormatException($"'{MessageSignature.Field}' is wrong.")
            : EventMessage.Read(message));

    private static List<T> Read<T>(ReadOnlyMemory<byte> body, string what, Func<JsonElement, T> read)
    {
        JsonDocument document;
        try
        {
            document = PythonJson.Parse(body);
        }
        catch (JsonException e)
        {
            throw new FormatException($"The body is no JSON: {e.Message}", e);
        }
        using (document)
        {
            var items = new List<T>();
            JsonElement[] given = document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray()] : [document.RootElement];
            foreach (var item in given)
            {
                try
                {
                    items.Add(read(item));
                }
                catch (Exception e) when (e is FormatException or InvalidOperationException)
                {
                    throw new FormatException($"{what} {items.Count}: {e.Message}", e);
                }
            }
            return items;
        }
    }
}
