using System.Buffers;
using System.Text.Json;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.GraphQL.Schema.Streams;

/// <summary>A fact as one stream has it.</summary>
/// <param name="stored">As the log gives it.</param>
[GraphQLName("StreamEvent")]
internal sealed class StreamEventView(StreamEvent stored)
{
    /// <summary>A UUID; of an event in several streams this stream's share has its own.</summary>
    [ID]
    public string Id => stored.Id.ToString();

    /// <summary>The stream's name.</summary>
    public string Stream => stored.Stream.ToString();

    /// <summary>The place in the stream, from 1.</summary>
    public long Revision => stored.Version;

    /// <summary>The place in the log of all streams; may skip numbers. `streamAppended(after:)` goes on from it.</summary>
    public long Position => stored.Event.Position;

    /// <summary>The stored name, such as `samples-recorded`.</summary>
    public string Type => stored.Event.Type;

    /// <summary>When the log took it.</summary>
    public DateTimeOffset RecordedAt => stored.Event.RecordedAt;

    /// <summary>What it says: of a batch of samples a list of this stream's, of all others an object.</summary>
    [GraphQLType<Types.Scalars.JsonType>]
    public JsonElement Data => stored.Event.Body is EventBody.Json json ? JsonElement.Parse(json.Utf8.Span) : Json(writer =>
    {
        var samples = new SampleJson();
        writer.WriteStartArray();
        foreach (var sample in StreamEventJson.SamplesOf(stored))
            samples.Write(writer, sample);
        writer.WriteEndArray();
    });

    /// <summary>Where it came from: `source`, `signer` and `signature`, as far as they are known.</summary>
    public JsonElement? Metadata => Json(writer =>
    {
        writer.WriteStartObject();
        foreach (var (name, value) in new[] { ("source", stored.Event.Metadata.Source), ("signer", stored.Event.Metadata.Signer), ("signature", stored.Event.Metadata.Signature) })
        {
            if (value is not null)
                writer.WriteString(name, value);
        }
        writer.WriteEndObject();
    });

    /// <summary>The leaf of the audit log's tree that stands for it.</summary>
    [Cost(1)]
    public byte[] Hash => CanonicalEvent.Of(stored.Event).LeafHash().ToArray();

    /// <summary>The event or command that it follows from.</summary>
    [ID]
    public string? CausationId => stored.Event.Metadata.Causation;

    /// <summary>What it belongs to, such as the id of a request.</summary>
    [ID]
    public string? CorrelationId => stored.Event.Metadata.Correlation;

    private static JsonElement Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            write(writer);
        return JsonElement.Parse(buffer.WrittenSpan);
    }
}
