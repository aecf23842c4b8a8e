using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Samples;

/// <summary>The columns that a parser fills, kept between bodies; a batch gets copies of the right length.</summary>
internal sealed class SampleColumns
{
    // What one big body needed is not kept for the small ones that follow.
    private const int KeptCapacity = 1 << 14;

    // Pollers send the same series again and again: their arrays are kept, 2 MB at most.
    private const int KeptArrays = 64;
    private const int MinKeptLength = 16;
    private const int MaxKeptLength = 1 << 12;

    private readonly Dictionary<SeriesKey, SeriesKey[]> _arrays = []; // of batches before, by their first series
    private SeriesKey[] _series = [];
    private long[] _timestamps = [];
    private double[] _volumes = [];
    private MetadataForms[] _metadata = [];
    private Guid[] _ids = [];
    private byte[] _signatures = [];
    private short?[] _offsets = [];
    private Dictionary<int, string>? _otherIds;
    private bool _hasIds;
    private bool _hasSignatures;

    public int Count { get; private set; }

    public void Clear()
    {
        (Count, _hasIds, _hasSignatures, _otherIds) = (0, false, false, null);
        if (_series.Length > KeptCapacity)
            Resize(KeptCapacity);
    }

    public void Add(SeriesKey series, long timestamp, short? offsetMinutes, double volume, MetadataForms metadata)
    {
        var i = Count;
        if (i == _series.Length)
            Resize(Math.Max(1_024, 2 * i));
        _series[i] = series;
        _timestamps[i] = timestamp;
        _offsets[i] = offsetMinutes;
        _volumes[i] = volume;
        _metadata[i] = metadata;
        _ids[i] = Guid.Empty;
        _signatures.AsSpan(32 * i, 32).Clear();
        Count = i + 1;
    }

    /// <summary>Gives the sample added last its sender's id.</summary>
    public void SetId(Guid id) => (_ids[Count - 1], _hasIds) = (id, true);

    /// <inheritdoc cref="SetId(Guid)"/>
    public void SetId(string id) => ((_otherIds ??= [])[Count - 1], _hasIds) = (id, true);

    /// <summary>The 32 bytes for the signature of the sample added last.</summary>
    public Span<byte> AddSignature()
    {
        _hasSignatures = true;
        return _signatures.AsSpan(32 * (Count - 1), 32);
    }

    public SampleBatch ToBatch()
    {
        var (series, repeats) = Series();
        return new(
            series,
            _timestamps.AsSpan(0, Count).ToArray(),
            _volumes.AsSpan(0, Count).ToArray(),
            Metadata(forms => forms.Stored),
            _hasIds ? new MessageIds(_ids.AsSpan(0, Count).ToArray(), _otherIds) : null,
            _hasSignatures ? _signatures.AsSpan(0, 32 * Count).ToArray() : null)
        {
            RepeatsSeries = repeats,
        };
    }

    public GivenForm ToGivenForm() => new(Metadata(forms => forms.Given), _offsets.AsSpan(0, Count).ToArray());

    private (SeriesKey[] Series, bool Repeats) Series()
    {
        var series = _series.AsSpan(0, Count);
        if (Count is < MinKeptLength or > MaxKeptLength)
            return (series.ToArray(), false);
        if (_arrays.TryGetValue(series[0], out var known) && series.SequenceEqual(known))
            return (known, true);
        if (_arrays.Count == KeptArrays)
            _arrays.Clear();
        return (_arrays[series[0]] = series.ToArray(), false);
    }

    private Metadata[] Metadata(Func<MetadataForms, Metadata> form)
    {
        var metadata = new Metadata[Count];
        for (var i = 0; i < metadata.Length; i++)
            metadata[i] = form(_metadata[i]);
        return metadata;
    }

    private void Resize(int capacity)
    {
        Array.Resize(ref _series, capacity);
        Array.Resize(ref _timestamps, capacity);
        Array.Resize(ref _volumes, capacity);
        Array.Resize(ref _metadata, capacity);
        Array.Resize(ref _ids, capacity);
        Array.Resize(ref _signatures, 32 * capacity);
        Array.Resize(ref _offsets, capacity);
    }
}

/// <summary>Metadata as it is stored, and as it was sent; one and the same unless nesting was restored.</summary>
internal sealed record MetadataForms(Metadata Stored, Metadata Given)
{
    public static readonly MetadataForms Empty = new(Metadata.Empty, Metadata.Empty);

    private byte[]? _signedText;

    /// <summary>What a sample's signature is made over of its metadata.</summary>
    public ReadOnlySpan<byte> SignedText => _signedText ??= MessageSignature.TextOf(SampleField.ResourceMetadata.Name(), Given.Root);
}
