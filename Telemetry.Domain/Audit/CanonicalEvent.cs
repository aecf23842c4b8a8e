using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>What a leaf of the audit log's tree says: one event, as one stream has it.</summary>
/// <remarks>
/// docs/audit.md has the layout of <see cref="Encode"/>. A batch over several streams is as many leaves, whether its store keeps it as
/// one record or as several, and the position is not part of it: so the tree is the same on every store. The payload is in it by its
/// digest, so that a leaf can be shown without what it says.
/// </remarks>
/// <param name="Version">The event's version in the stream.</param>
/// <param name="Id">The id of the whole event, not of the share.</param>
/// <param name="RecordedAt">Microseconds since 1970 (UTC).</param>
/// <param name="Content">What the payload's digest is of.</param>
/// <param name="Payload">Of JSON the SHA-256 of its bytes, of samples that of <see cref="CanonicalSamples"/>.</param>
public sealed record CanonicalEvent(
    StreamName Stream, long Version, Guid Id, string Type, long RecordedAt, EventMetadata Metadata, CanonicalContent Content, Digest Payload)
{
    internal static ReadOnlySpan<byte> Heading => "telemetry/event/v1\n"u8;

    /// <summary>The leaves of an event, in the order of its streams; for samples that is the order of their first sample.</summary>
    /// <exception cref="InvalidDataException">The event's streams are not those of its samples.</exception>
    public static IReadOnlyList<CanonicalEvent> Of(RecordedEvent recorded)
    {
        switch (recorded.Body)
        {
            case EventBody.Json json:
                var digest = Digest.Of(json.Utf8.Span);
                return [.. recorded.Streams.Select(s => Create(recorded, s, CanonicalContent.Json, digest))];
            case EventBody.Samples samples:
                var shares = SampleShare.Split(samples.Batch);
                if (shares.Count != recorded.Streams.Count)
                    throw Misplaced(recorded, $"is in {recorded.Streams.Count} streams, its samples belong to {shares.Count}");
                return [.. shares.Select((share, n) => Create(recorded, VersionIn(recorded, share, n), CanonicalContent.Samples, share.Digest()))];
            default:
                throw Misplaced(recorded, "has a body of an unknown kind");
        }
    }

    /// <summary>The leaf's content.</summary>
    public byte[] Encode()
    {
        using var writer = new CanonicalWriter();
        Write(writer);
        return writer.Written.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are no leaf.</exception>
    public static CanonicalEvent Decode(ReadOnlySpan<byte> leaf)
    {
        var reader = new CanonicalReader(leaf);
        reader.Expect(Heading);
        var name = reader.RequiredText();
        var stream = StreamName.Parse(name) ?? throw new FormatException($"'{name}' is no stream's name.");
        var version = reader.Int64();
        var id = new Guid(reader.Take(16), bigEndian: true);
        var type = reader.RequiredText();
        var recordedAt = reader.Int64();
        var metadata = new EventMetadata(reader.Text(), reader.Text(), reader.Text(), reader.Text(), reader.Text());
        var content = (CanonicalContent)reader.UInt8();
        var payload = new Digest(reader.Take(Digest.Length));
        reader.ExpectEnd();
        return Enum.IsDefined(content) ? new(stream, version, id, type, recordedAt, metadata, content, payload) : throw new FormatException($"{content} is no content of a leaf.");
    }

    /// <summary>The leaf's hash.</summary>
    public Digest LeafHash()
    {
        using var writer = new CanonicalWriter();
        Write(writer);
        return MerkleTree.LeafHash(writer.Written);
    }

    private void Write(CanonicalWriter writer)
    {
        writer.Raw(Heading);
        writer.Text(Stream.ToString());
        writer.Int64(Version);
        Id.TryWriteBytes(writer.Take(16), bigEndian: true, out _);
        writer.Text(Type);
        writer.Int64(RecordedAt);
        writer.Text(Metadata.Source);
        writer.Text(Metadata.Signer);
        writer.Text(Metadata.Signature);
        writer.Text(Metadata.Correlation);
        writer.Text(Metadata.Causation);
        writer.UInt8((byte)Content);
        Payload.CopyTo(writer.Take(Digest.Length));
    }

    private static CanonicalEvent Create(RecordedEvent recorded, StreamVersion at, CanonicalContent content, Digest payload) => new(
        at.Stream, at.Version, recorded.Id.Value, recorded.Type, UnixMicroseconds.From(recorded.RecordedAt), recorded.Metadata, content, payload);

    private static StreamVersion VersionIn(RecordedEvent recorded, SampleShare share, int likely)
    {
        if (recorded.Streams[likely].Stream == share.Stream)
            return recorded.Streams[likely];
        foreach (var at in recorded.Streams)
        {
            if (at.Stream == share.Stream)
                return at;
        }
        throw Misplaced(recorded, $"has samples of stream '{share.Stream}', which it is not in");
    }

    private static InvalidDataException Misplaced(RecordedEvent recorded, string problem) =>
        new($"The event at position {recorded.Position} {problem}.");
}

/// <summary>What an event's payload is. The numbers are part of the canonical encoding.</summary>
public enum CanonicalContent : byte
{
    Json = 0,
    Samples = 1,
}
