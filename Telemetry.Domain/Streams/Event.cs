using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Streams;

/// <summary>What an event says: JSON, or the columns of a batch of samples.</summary>
public abstract record EventBody
{
    private EventBody() { } // closed: only the records below

    /// <summary>A JSON text (UTF-8) of an event family; kept byte by byte.</summary>
    public sealed record Json(ReadOnlyMemory<byte> Utf8) : EventBody
    {
        /// <summary>What it says, once somebody has read it: several look at every event as it is appended. No part of its value.</summary>
        internal object? Content { get; set; }

        public bool Equals(Json? other) => other is not null && Utf8.Equals(other.Utf8);

        public override int GetHashCode() => Utf8.GetHashCode();
    }

    /// <summary>The samples of a <c>samples-recorded</c> event.</summary>
    public sealed record Samples(SampleBatch Batch) : EventBody;
}

/// <summary>Where an event comes from; absent parts are null.</summary>
/// <param name="Source">What brought it in: <c>rest</c>, <c>amqp</c>, <c>udp</c> …</param>
/// <param name="Signer">Who signed it, the id of a key.</param>
/// <param name="Signature">The signer's signature, as sent.</param>
/// <param name="Correlation">What it belongs to, such as the id of the request.</param>
/// <param name="Causation">The event or command that it follows from.</param>
public sealed record EventMetadata(
    string? Source = null, string? Signer = null, string? Signature = null, string? Correlation = null, string? Causation = null)
{
    public static readonly EventMetadata None = new();
}

/// <summary>A stream that an event is appended to, and the version that the stream must have before.</summary>
/// <param name="ExpectedVersion">The stream's last version (0: the stream is new), or null where any will do.</param>
public readonly record struct StreamExpectation(StreamName Stream, long? ExpectedVersion = null);

/// <summary>An event to append.</summary>
/// <param name="Type">The stored name, such as <c>samples-recorded</c>: chosen by hand, kept forever.</param>
/// <param name="Streams">
/// At least one, each once. A batch of samples names all streams of its samples, as <see cref="SampleBatch.Streams"/> gives them: each
/// stream gets its share, the samples of its project and month. Any other event has one stream.
/// </param>
/// <param name="RecordedAt">When another store took it, where it is copied from there; null: now.</param>
/// <param name="Given">A stream that must be at this version where the event takes its place, though nothing is written to it: what was decided by it still holds.</param>
public sealed record NewEvent(
    EventId Id, string Type, EventBody Body, IReadOnlyList<StreamExpectation> Streams, EventMetadata? Metadata = null, DateTimeOffset? RecordedAt = null,
    StreamVersion? Given = null);

/// <summary>A place in a stream.</summary>
/// <param name="Version">1-based, without holes.</param>
public readonly record struct StreamVersion(StreamName Stream, long Version);

/// <summary>Which event is a version of a stream, as a store's index has it.</summary>
/// <param name="Version"><see cref="Deleted"/> where the stream was deleted for good, whatever other entries it has.</param>
/// <param name="Position">Of the event in the log; 0 where the index leads to none, or where a read of the stream does not get to it.</param>
/// <param name="Part">Which of the event's streams this is, from 0.</param>
public readonly record struct IndexEntry(StreamName Stream, long Version, long Position, int Part)
{
    public const long Deleted = long.MaxValue;

    /// <summary>What the index should have of an event.</summary>
    public static IEnumerable<IndexEntry> Of(long position, IReadOnlyList<StreamVersion> streams) =>
        streams.Select((s, part) => new IndexEntry(s.Stream, s.Version, position, part));
}

/// <summary>An event as the log keeps it.</summary>
/// <param name="Position">Its place in the log of all streams: ascending, may skip numbers, at least 1.</param>
/// <param name="Streams">The streams it is in; a store that cannot share one record among streams gives an event a stream.</param>
/// <param name="RecordedAt">When the store took it.</param>
public sealed record RecordedEvent(
    long Position, EventId Id, string Type, EventBody Body, IReadOnlyList<StreamVersion> Streams, DateTimeOffset RecordedAt, EventMetadata Metadata);

/// <summary>An event as one stream sees it.</summary>
/// <param name="Id">Unique for the stream's share: <see cref="EventId.Share"/> where the event has several streams, else the event's id.</param>
/// <param name="Event">The whole event. Of a batch of samples this stream's share are those that <see cref="SampleBatch.StreamOf"/> gives to it.</param>
public sealed record StreamEvent(StreamName Stream, long Version, Guid Id, RecordedEvent Event)
{
    /// <summary>An event as the n-th of its streams sees it, from 0.</summary>
    public static StreamEvent Of(RecordedEvent e, int part) =>
        new(e.Streams[part].Stream, e.Streams[part].Version, e.Streams.Count > 1 ? e.Id.Share(part) : e.Id.Value, e);
}
