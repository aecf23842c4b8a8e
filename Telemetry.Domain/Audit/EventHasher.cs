using System.Runtime.CompilerServices;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>Works out the leaves of events. For one thread; keep it, since it knows what is the same from poll to poll.</summary>
/// <remarks>
/// Hashing a batch anew costs 150 to 300 ns a sample, most of it for texts that every poll repeats. A batch of the same series as one before is
/// split as that was, and its shapes and the metadata that did not change keep their digests: 8 bytes a sample are left to be hashed.
/// Memory: a reference and an index a sample of what is known, at most some 40 MB.
/// </remarks>
public sealed class EventHasher
{
    private const int MaxWeight = 1 << 20; // of 16 bytes each

    private readonly Dictionary<int, KnownBatch> _known = [];
    private readonly ConditionalWeakTable<SeriesKey[], StrongBox<int>> _hashes = [];
    private readonly CanonicalWriter _writer = new();
    private readonly List<Digest> _digests = [];
    private int _weight;

    /// <summary>The hash of an event's leaf.</summary>
    /// <exception cref="InvalidDataException">The event's streams are not those of its samples.</exception>
    public Digest LeafHash(RecordedEvent recorded)
    {
        var leaf = Canonical(recorded);
        _writer.Clear();
        _writer.UInt8(0); // RFC 6962, section 2.1
        CanonicalEvent.Write(_writer, leaf);
        return Digest.Of(_writer.Written);
    }

    /// <summary>The leaf of an event.</summary>
    /// <exception cref="InvalidDataException">The event's streams are not those of its samples.</exception>
    public CanonicalEvent Canonical(RecordedEvent recorded) =>
        new(recorded.Id.Value, recorded.Type, UnixMicroseconds.From(recorded.RecordedAt), recorded.Metadata, PartsOf(recorded));

    /// <summary>The digests of a batch's shares, in the order of <see cref="SampleBatch.Streams"/>.</summary>
    public IReadOnlyList<Digest> DigestsOf(SampleBatch batch)
    {
        Hash(batch);
        return [.. _digests];
    }

    private CanonicalPart[] PartsOf(RecordedEvent recorded)
    {
        var parts = new CanonicalPart[recorded.Streams.Count];
        switch (recorded.Body)
        {
            case EventBody.Json json:
                for (var n = 0; n < parts.Length; n++)
                {
                    _writer.Clear();
                    CanonicalEvent.WriteJson(_writer, recorded.Streams[n].Stream, json.Utf8.Span);
                    parts[n] = new(recorded.Streams[n].Version, Digest.Of(_writer.Written));
                }
                return parts;
            case EventBody.Samples samples:
                var shares = Hash(samples.Batch);
                if (shares.Length != parts.Length)
                    throw Misplaced(recorded, $"is in {parts.Length} streams, its samples belong to {shares.Length}");
                for (var n = 0; n < parts.Length; n++)
                    parts[n] = new(VersionIn(recorded, shares[n].Stream, n), _digests[n]);
                return parts;
            default:
                throw Misplaced(recorded, "has a body of an unknown kind");
        }
    }

    /// <summary>Leaves the digests of the batch's shares in <see cref="_digests"/>.</summary>
    private KnownShare[] Hash(SampleBatch batch)
    {
        _digests.Clear();
        if (batch.Count == 0)
            return [];
        var known = Known(batch);
        var (sameMetadata, oneInstant) = (known.HasMetadata(batch), !batch.Timestamps.AsSpan().ContainsAnyExcept(batch.Timestamps[0]));
        foreach (ref var share in known.Shares.AsSpan())
        {
            ReadOnlySpan<int> indexes = share.Indexes;
            if (!sameMetadata && !known.HasMetadata(batch, indexes))
            {
                _writer.Clear();
                CanonicalSamples.WriteMetadata(_writer, batch, indexes);
                share.Metadata = Digest.Of(_writer.Written);
                _weight += _writer.Length / 16;
                known.SetMetadata(batch, indexes);
            }
            _writer.Clear();
            _writer.Raw(CanonicalSamples.Heading);
            _writer.Digest(share.Shape);
            _writer.Digest(share.Metadata);
            CanonicalSamples.WriteValues(_writer, batch, indexes, oneInstant);
            _digests.Add(Digest.Of(_writer.Written));
        }
        return known.Shares;
    }

    private KnownBatch Known(SampleBatch batch)
    {
        // Batches over a month's end are rare enough to be split anew.
        var month = SampleStreams.MonthOf(batch.Timestamps[0]);
        if (batch.Timestamps.AsSpan().ContainsAnyExceptInRange(month.From, month.To - 1))
            return Learn(batch, 0);
        var hash = HashCode.Combine(month.From, batch.RepeatsSeries ? _hashes.GetValue(batch.Series, static s => new(HashOf(s))).Value : HashOf(batch.Series));
        if (_known.TryGetValue(hash, out var known) && known.Month == month.From && known.HasSeries(batch.Series))
            return known;
        if (_weight > MaxWeight)
        {
            _known.Clear();
            _weight = 0;
        }
        return _known[hash] = Learn(batch, month.From);
    }

    private static int HashOf(SeriesKey[] series)
    {
        var hash = 0;
        foreach (var key in series)
            hash = (hash * 31) + key.GetHashCode();
        return hash;
    }

    private KnownBatch Learn(SampleBatch batch, long month)
    {
        var shares = SampleShare.Split(batch);
        var known = new KnownShare[shares.Count];
        for (var n = 0; n < known.Length; n++)
        {
            _writer.Clear();
            CanonicalSamples.WriteShape(_writer, shares[n].Stream, batch, shares[n].Indexes);
            known[n] = new(shares[n].Stream, shares[n].Indexes, Digest.Of(_writer.Written));
        }
        _weight += 16 + (8 * known.Length) + (2 * batch.Count);
        return new(batch.Series, known, month);
    }

    private static long VersionIn(RecordedEvent recorded, StreamName stream, int likely)
    {
        if (recorded.Streams[likely].Stream == stream)
            return recorded.Streams[likely].Version;
        foreach (var at in recorded.Streams)
        {
            if (at.Stream == stream)
                return at.Version;
        }
        throw Misplaced(recorded, $"has samples of stream '{stream}', which it is not in");
    }

    private static InvalidDataException Misplaced(RecordedEvent recorded, string problem) =>
        new($"The event at position {recorded.Position} {problem}.");

    private struct KnownShare(StreamName stream, ArraySegment<int> indexes, Digest shape)
    {
        public readonly StreamName Stream = stream;
        public readonly ArraySegment<int> Indexes = indexes;
        public readonly Digest Shape = shape;
        public Digest Metadata; // of what KnownBatch has
    }

    /// <summary>A batch's series, how they are split, and the metadata that they had the last time.</summary>
    private sealed class KnownBatch(SeriesKey[] series, KnownShare[] shares, long month)
    {
        private readonly Metadata?[] _metadata = new Metadata?[series.Length];

        public KnownShare[] Shares => shares;

        /// <summary>The first microsecond of the month that all samples lie in; 0 where they lie in several.</summary>
        public long Month => month;

        public bool HasSeries(SeriesKey[] others)
        {
            if (ReferenceEquals(others, series))
                return true;
            if (others.Length != series.Length)
                return false;
            for (var i = 0; i < others.Length; i++)
            {
                if (!ReferenceEquals(series[i], others[i]) && !series[i].Equals(others[i]))
                    return false;
            }
            return true;
        }

        /// <summary>Whether all samples have the metadata of the last time, by their objects.</summary>
        public bool HasMetadata(SampleBatch batch)
        {
            var (own, others) = (_metadata, batch.Metadata);
            for (var i = 0; i < own.Length && i < others.Length; i++)
            {
                if (!ReferenceEquals(own[i], others[i]))
                    return false;
            }
            return true;
        }

        public bool HasMetadata(SampleBatch batch, ReadOnlySpan<int> indexes)
        {
            foreach (var i in indexes)
            {
                if (!ReferenceEquals(_metadata[i], batch.Metadata[i]) && !batch.Metadata[i].Equals(_metadata[i]))
                    return false;
            }
            return true;
        }

        public void SetMetadata(SampleBatch batch, ReadOnlySpan<int> indexes)
        {
            foreach (var i in indexes)
                _metadata[i] = batch.Metadata[i];
        }
    }
}
