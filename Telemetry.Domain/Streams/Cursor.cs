using System.Buffers;
using System.Text.Json;

namespace Telemetry.Domain.Streams;

/// <summary>How far a reader has come in a stream, kept for it under a name. Every move is an event of the cursor's own stream.</summary>
/// <param name="Stream">The stream's name, or <c>$all</c>.</param>
/// <param name="After">The last version that was read, of <c>$all</c> the last position; 0 before the first.</param>
/// <param name="Version">How often it was moved, or removed.</param>
public sealed record Cursor(string Stream, long After, long Version, DateTimeOffset MovedAt)
{
    public const string Moved = "cursor-moved";
    public const string Removed = "cursor-removed";
    public const int MaxNameLength = 64;

    private const string OfProjects = "cursor";
    private const string OfOperators = "operatorcursor";

    /// <summary>Whether a text may name a cursor: letters, digits, dots and underscores. Without dashes, so that a stream's name can be taken apart.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_');

    /// <summary>What the streams of a project's cursors begin with.</summary>
    /// <param name="project">Null for readers that are not limited to one.</param>
    public static string Prefix(string? project) => project is null ? $"{OfOperators}-" : $"{OfProjects}-{project}-";

    /// <summary>The stream of a cursor.</summary>
    public static StreamName StreamOf(string? project, string name) => StreamName.Parse(Prefix(project) + name)!.Value;

    /// <summary>The event that moves a cursor.</summary>
    /// <param name="expectedVersion">Where it must stand; null for anywhere.</param>
    public static NewEvent Move(StreamName cursor, string stream, long after, long? expectedVersion) => Create(cursor, Moved, expectedVersion, json =>
    {
        json.WriteString("stream", stream);
        json.WriteNumber("after", after);
    });

    /// <summary>The event that removes a cursor.</summary>
    public static NewEvent Remove(StreamName cursor) => Create(cursor, Removed, null, _ => { });

    /// <summary>A cursor as it stands; null where there is none (any more).</summary>
    /// <exception cref="InvalidDataException">Its last event is damaged.</exception>
    public static async Task<Cursor?> FindAsync(IEventStore log, StreamName cursor, CancellationToken ct = default)
    {
        await foreach (var last in log.ReadStreamAsync(cursor, long.MaxValue, ReadDirection.Backwards, ct))
            return last.Event.Type == Moved ? Read(last) : null;
        return null;
    }

    private static Cursor Read(StreamEvent e)
    {
        try
        {
            using var document = JsonDocument.Parse(((EventBody.Json)e.Event.Body).Utf8);
            var json = document.RootElement;
            return new(json.GetProperty("stream").GetString()!, json.GetProperty("after").GetInt64(), e.Version, e.Event.RecordedAt);
        }
        catch (Exception cause) when (cause is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or InvalidCastException)
        {
            throw new InvalidDataException($"The event at position {e.Event.Position} is no {Moved}: {cause.Message}", cause);
        }
    }

    private static NewEvent Create(StreamName cursor, string type, long? expectedVersion, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return new(EventId.New(), type, new EventBody.Json(buffer.WrittenMemory), [new(cursor, expectedVersion)], new EventMetadata("rest"));
    }
}
