using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>What a leaf of the audit log's tree says: one event.</summary>
/// <remarks>
/// docs/audit.md has the layout of <see cref="Encode"/>. What the event is in a stream is there by version and digest alone, so that a leaf can be
/// shown without what it says, and one stream's part without the others'. The position is not part of it, nor how a store packs the event:
/// so the tree is the same on every store that keeps a batch as one event.
/// </remarks>
/// <param name="RecordedAt">Microseconds since 1970 (UTC).</param>
/// <param name="Parts">One a stream; of samples in the order of the streams' first samples.</param>
public sealed record CanonicalEvent(Guid Id, string Type, long RecordedAt, EventMetadata Metadata, IReadOnlyList<CanonicalPart> Parts)
{
    internal static ReadOnlySpan<byte> Heading => "telemetry/event/v1\n"u8;

    /// <summary>The leaf of an event.</summary>
    /// <exception cref="InvalidDataException">The event's streams are not those of its samples.</exception>
    public static CanonicalEvent Of(RecordedEvent recorded) => new EventHasher().Canonical(recorded);

    /// <summary>The leaf's content.</summary>
    public byte[] Encode()
    {
        var writer = new CanonicalWriter();
        Write(writer, this);
        return writer.Written.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are no leaf.</exception>
    public static CanonicalEvent Decode(ReadOnlySpan<byte> leaf)
    {
        var reader = new CanonicalReader(leaf);
        reader.Expect(Heading);
        var id = new Guid(reader.Take(16), bigEndian: true);
        var (type, recordedAt) = (reader.RequiredText(), reader.Int64());
        var metadata = new EventMetadata(reader.Text(), reader.Text(), reader.Text(), reader.Text(), reader.Text());
        var parts = new CanonicalPart[reader.Count(8 + Digest.Length)];
        foreach (ref var part in parts.AsSpan())
            part = new(reader.Int64(), new(reader.Take(Digest.Length)));
        reader.ExpectEnd();
        return new(id, type, recordedAt, metadata, parts);
    }

    /// <summary>The leaf's hash.</summary>
    public Digest LeafHash() => MerkleTree.LeafHash(Encode());

    /// <summary>The part of an event of JSON as it is digested, and shown in proofs: a heading, the stream, the JSON as stored.</summary>
    public static byte[] EncodeJson(StreamName stream, ReadOnlySpan<byte> utf8)
    {
        var writer = new CanonicalWriter();
        WriteJson(writer, stream, utf8);
        return writer.Written.ToArray();
    }

    internal static ReadOnlySpan<byte> JsonHeading => "telemetry/json/v1\n"u8;

    internal static void WriteJson(CanonicalWriter writer, StreamName stream, ReadOnlySpan<byte> utf8)
    {
        writer.Raw(JsonHeading);
        writer.Text(stream.ToString());
        writer.Raw(utf8);
    }

    internal static void Write(CanonicalWriter writer, CanonicalEvent e)
    {
        writer.Raw(Heading);
        e.Id.TryWriteBytes(writer.Take(16), bigEndian: true, out _);
        writer.Text(e.Type);
        writer.Int64(e.RecordedAt);
        writer.Text(e.Metadata.Source);
        writer.Text(e.Metadata.Signer);
        writer.Text(e.Metadata.Signature);
        writer.Text(e.Metadata.Correlation);
        writer.Text(e.Metadata.Causation);
        writer.UInt32((uint)e.Parts.Count);
        foreach (var part in e.Parts)
        {
            writer.Int64(part.Version);
            writer.Digest(part.Digest);
        }
    }
}

/// <summary>What one stream has of an event.</summary>
/// <param name="Version">The event's version in the stream.</param>
/// <param name="Digest">Of JSON the SHA-256 of <see cref="CanonicalEvent.EncodeJson"/>, of samples that of <see cref="CanonicalSamples"/>; both have the stream's name.</param>
public readonly record struct CanonicalPart(long Version, Digest Digest);

/// <summary>A part of an event out of its encoding.</summary>
/// <param name="Json">Of an event of JSON; else null.</param>
/// <param name="Samples">Of a batch of samples; else null.</param>
public sealed record DecodedPart(StreamName Stream, Digest Digest, ReadOnlyMemory<byte>? Json, DecodedShare? Samples)
{
    /// <exception cref="FormatException">The bytes are neither JSON's nor samples'.</exception>
    public static DecodedPart Decode(ReadOnlyMemory<byte> encoded)
    {
        if (encoded.Span.StartsWith(CanonicalSamples.Heading))
        {
            var samples = CanonicalSamples.Decode(encoded.Span);
            return new(Name(samples.Stream), CanonicalSamples.DigestOf(encoded.Span), null, samples);
        }
        var reader = new CanonicalReader(encoded.Span);
        reader.Expect(CanonicalEvent.JsonHeading);
        return new(Name(reader.RequiredText()), Audit.Digest.Of(encoded.Span), encoded[^reader.Rest.Length..], null);
    }

    private static StreamName Name(string name) => StreamName.Parse(name) ?? throw new FormatException($"'{name}' is no stream's name.");
}
