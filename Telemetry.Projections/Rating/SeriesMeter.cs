using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Rating;

/// <summary>Counts one series of a month, sample by sample, in the order of their timestamps.</summary>
/// <remarks>A few hundred bytes, however many samples. It notices a sample that is late; then the series is counted again from its sorted samples.</remarks>
/// <param name="rules">Those that can match the series, in the tariff's order; not empty.</param>
/// <param name="from">Where the time that is rated begins, microseconds since 1970.</param>
/// <param name="to">Where it ends.</param>
internal sealed class SeriesMeter(SeriesKey series, TariffRule[] rules, long from, long to)
{
    private readonly bool _dependsOnMetadata = rules.Any(r => r.DependsOnMetadata);
    private readonly bool _dependsOnOrder = rules.Any(r => r.KindFor(series.Type) != QuantityKind.Sum);
    private readonly List<Count> _counts = new(1);
    private Metadata? _metadata;
    private Count? _byMetadata; // of the rule that _metadata falls under
    private Count? _current; // of the rule that the last sample falls under
    private long _lastAt = long.MinValue;
    private long _lastPosition;
    private double _lastVolume = double.NaN;
    private decimal _last;

    public SeriesKey Series => series;

    /// <summary>How many samples of the month there were.</summary>
    public int Samples { get; private set; }

    /// <summary>A sample was not later than the one before it, and it matters: what was counted is wrong.</summary>
    public bool IsDisordered { get; private set; }

    /// <summary>Takes the next sample, or one before the time that is rated: a value that still holds, or a counter's reading.</summary>
    /// <exception cref="TariffException">The volume is too large to be rated.</exception>
    public void Add(long at, double volume, Metadata metadata, long position)
    {
        Samples++;
        if (IsDisordered)
            return;
        try
        {
            var count = CountOf(metadata);
            if (!_dependsOnOrder)
            {
                if (at >= from && at < to)
                    count?.Add(Volumes.ToDecimal(volume), position);
                return;
            }
            // Of two samples of one instant the newer one counts, but for deltas, which add up.
            if (at < _lastAt || (at == _lastAt && series.Type != SampleType.Delta))
            {
                IsDisordered = true;
                return;
            }
            var value = volume == _lastVolume ? _last : Volumes.ToDecimal(volume);
            Hold(at, position);
            if (count is not null && at >= from && at < to)
                Count(count, value, volume, position);
            (_current, _lastAt, _lastPosition, _lastVolume, _last) = (count, at, position, volume, value);
        }
        catch (OverflowException e)
        {
            throw new TariffException($"A volume of {volume:R} of {series} at {UnixMicroseconds.Format(at)} is too large to be rated.", e);
        }
    }

    /// <summary>What was counted, when there are no more samples.</summary>
    public IEnumerable<Counted> Close()
    {
        Hold(to, _lastPosition);
        return _counts.Where(c => c.LastPosition > 0)
            .Select(c => new Counted(series, c.Rule, c.Kind, c.Quantity, c.Samples, c.FirstPosition, c.LastPosition));
    }

    private void Count(Count count, decimal value, double volume, long position)
    {
        if (count.Kind == QuantityKind.Sum)
            count.Add(value, position);
        else if (count.Kind == QuantityKind.Increase && _lastAt != long.MinValue)
            // What a counter grew by belongs to the later sample; one that fell began again at zero.
            count.Add(volume < _lastVolume ? value : value - _last, position, _lastPosition);
        else
            count.Add(0, position);
    }

    /// <summary>The last value held until now, or as long as it may without another.</summary>
    private void Hold(long until, long position)
    {
        if (_current is not { Kind: QuantityKind.Integral or QuantityKind.Time } count)
            return;
        var start = Math.Max(_lastAt, from);
        var end = Math.Min(Math.Min(until, to), _lastAt + (count.Rule.MaxGapSeconds * UnixMicroseconds.PerSecond));
        if (end > start)
            count.Hold(count.Kind == QuantityKind.Time ? Seconds(end - start) : _last * Seconds(end - start), position, _lastPosition);
    }

    /// <summary>Exact; whole seconds without digits after the point, which multiply faster.</summary>
    private static decimal Seconds(long microseconds)
    {
        var (seconds, rest) = Math.DivRem(microseconds, UnixMicroseconds.PerSecond);
        return rest == 0 ? seconds : new decimal((int)(microseconds & uint.MaxValue), (int)(microseconds >> 32), 0, isNegative: false, 6);
    }

    private Count? CountOf(Metadata metadata)
    {
        if (_metadata is not null && (!_dependsOnMetadata || ReferenceEquals(metadata, _metadata) || metadata.Equals(_metadata)))
            return _byMetadata;
        _metadata = metadata;
        _byMetadata = null;
        foreach (var rule in rules)
        {
            if (!rule.MatchesMetadata(metadata))
                continue;
            _byMetadata = _counts.Find(c => ReferenceEquals(c.Rule, rule));
            if (_byMetadata is null)
                _counts.Add(_byMetadata = new(rule, rule.KindFor(series.Type)));
            break;
        }
        return _byMetadata;
    }
}

/// <summary>What one rule has counted of one series so far.</summary>
internal sealed class Count(TariffRule rule, QuantityKind kind)
{
    public TariffRule Rule { get; } = rule;
    public QuantityKind Kind { get; } = kind;

    /// <summary>In the volumes' unit, times seconds where time counts.</summary>
    public decimal Quantity { get; private set; }
    public long Samples { get; private set; }
    public long FirstPosition { get; private set; } = long.MaxValue;
    public long LastPosition { get; private set; }

    /// <summary>Counts a sample.</summary>
    public void Add(decimal quantity, long position) => Add(quantity, position, position);

    /// <summary>Counts a sample that follows from the one before it, too.</summary>
    public void Add(decimal quantity, long position, long before)
    {
        Samples++;
        Hold(quantity, position, before);
    }

    /// <summary>Counts the time between two samples.</summary>
    public void Hold(decimal quantity, long position, long before)
    {
        Quantity += quantity;
        FirstPosition = Math.Min(FirstPosition, Math.Min(before, position));
        LastPosition = Math.Max(LastPosition, Math.Max(before, position));
    }
}

/// <summary>What one rule counted of one series.</summary>
internal sealed record Counted(SeriesKey Series, TariffRule Rule, QuantityKind Kind, decimal Quantity, long Samples, long FirstPosition, long LastPosition);
