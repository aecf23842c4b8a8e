using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Rating;

/// <summary>The series of a project's month while they are counted.</summary>
internal sealed class MonthFold
{
    private readonly Tariff _tariff;
    private readonly string _project;
    private readonly long _monthFrom, _monthTo; // of samples; the tariff may be valid for less
    private readonly long _to;
    private readonly Dictionary<SeriesKey, Entry> _series = [];
    private Entry? _before; // of the sample that was taken last
    private readonly Dictionary<TariffRule, QuantityKind> _kinds = new(ReferenceEqualityComparer.Instance);

    public MonthFold(Tariff tariff, string project, long from, long to)
    {
        (_tariff, _project) = (tariff, project);
        (_monthFrom, _monthTo) = (from, to);
        (From, _to) = (Math.Max(from, tariff.From), Math.Max(Math.Max(from, tariff.From), Math.Min(to, tariff.To)));
        DependsOnOrder = tariff.Rules.Any(r => r.Quantity != QuantityKind.Sum);
    }

    /// <summary>Where the time that is rated begins: the month, or the tariff.</summary>
    public long From { get; }

    /// <summary>Whether anything but sums may be counted.</summary>
    public bool DependsOnOrder { get; }

    /// <summary>How many samples of the month there were.</summary>
    public long Samples { get; private set; }

    /// <summary>Notes samples before the month; the batches come newest first.</summary>
    public void Carry(SampleBatch batch, long position, long since)
    {
        for (var i = batch.Count - 1; i >= 0; i--)
        {
            var at = batch.Timestamps[i];
            if (at < since || at >= _monthFrom || EntryOf(batch.Series[i]) is not { Meter: not null } entry)
                continue;
            if (entry.Carried is null || entry.Carried.At < at)
                entry.Carried = new(at, batch.Volumes[i], batch.Metadata[i], position);
        }
    }

    /// <summary>Counts those samples of a batch that belong to the project and month.</summary>
    public void Add(SampleBatch batch, long position)
    {
        var (series, timestamps, volumes, metadata) = (batch.Series, batch.Timestamps, batch.Volumes, batch.Metadata);
        var before = _before;
        for (var i = 0; i < series.Length; i++)
        {
            var at = timestamps[i];
            if (at < _monthFrom || at >= _monthTo)
                continue;
            // A poll goes through its series in the order of the one before: most entries are found without a look at the key.
            var entry = before?.Next;
            if (entry is null || !ReferenceEquals(entry.Series, series[i]))
            {
                entry = EntryOf(series[i]);
                if (before is not null)
                    before.Next = entry;
            }
            before = entry;
            if (!entry.IsMine)
                continue;
            Samples++;
            if (entry.Meter is not { } meter)
                continue;
            if (!entry.IsStarted)
                Start(entry, meter);
            meter.Add(at, volumes[i], metadata[i], position);
        }
        _before = before;
    }

    /// <summary>The series with late samples, in groups of not more samples than wanted (a series alone may have more).</summary>
    public IReadOnlyList<IReadOnlyList<SeriesKey>> Disordered(int most)
    {
        var groups = new List<List<SeriesKey>>();
        var left = 0;
        foreach (var meter in _series.Values.Select(e => e.Meter).OfType<SeriesMeter>().Where(m => m.IsDisordered))
        {
            if (meter.Samples > left)
            {
                groups.Add([]);
                left = most;
            }
            groups[^1].Add(meter.Series);
            left -= meter.Samples;
        }
        return groups;
    }

    /// <summary>Counts series again, from their sorted samples.</summary>
    public void Replace(LateSamples late)
    {
        foreach (var (series, samples) in late.Sorted())
        {
            var entry = _series[series];
            var meter = new SeriesMeter(series, entry.Rules, From, _to);
            Start(entry, meter);
            foreach (var sample in samples)
                meter.Add(sample.At, sample.Volume, sample.Metadata, sample.Position);
            entry.Meter = meter;
        }
    }

    /// <summary>What was counted.</summary>
    public IEnumerable<Counted> Close()
    {
        foreach (var entry in _series.Values)
        {
            if (entry.Meter is not { } meter)
                continue;
            if (!entry.IsStarted)
                Start(entry, meter); // a value of the month before may hold for a while
            foreach (var counted in meter.Close())
                yield return counted;
        }
    }

    private static void Start(Entry entry, SeriesMeter meter)
    {
        entry.IsStarted = true;
        if (entry.Carried is { } carried)
            meter.Add(carried.At, carried.Volume, carried.Metadata, carried.Position);
    }

    private Entry EntryOf(SeriesKey series)
    {
        if (_series.TryGetValue(series, out var entry))
            return entry;
        var isMine = (series.ProjectId ?? "none") == _project;
        var rules = isMine ? _tariff.Rules.Where(r => r.MatchesSeries(series)).ToArray() : [];
        foreach (var rule in rules)
            Check(rule, series);
        return _series[series] = new(series, isMine, rules, rules.Length == 0 ? null : new(series, rules, From, _to));
    }

    /// <exception cref="TariffException">The rule's quantity cannot be had from the series, or the rule has matched series of another kind.</exception>
    private void Check(TariffRule rule, SeriesKey series)
    {
        var kind = rule.KindFor(series.Type);
        var fits = kind switch
        {
            QuantityKind.Sum => series.Type == SampleType.Delta,
            QuantityKind.Increase => series.Type == SampleType.Cumulative,
            QuantityKind.Integral => series.Type == SampleType.Gauge,
            _ => true,
        };
        if (!fits)
            throw new TariffException($"Rule '{rule.Name}' wants the {kind.ToString().ToLowerInvariant()} of meter '{series.Meter}', which is of type {series.Type.Name()}.");
        if (!_kinds.TryAdd(rule, kind) && _kinds[rule] != kind)
            throw new TariffException($"Rule '{rule.Name}' matches meters of several types, '{series.Meter}' among them; say which quantity is meant.");
    }

    private sealed class Entry(SeriesKey series, bool isMine, TariffRule[] rules, SeriesMeter? meter)
    {
        public SeriesKey Series { get; } = series;
        public bool IsMine { get; } = isMine;
        public TariffRule[] Rules { get; } = rules;
        public SeriesMeter? Meter { get; set; } = meter;
        public LateSample? Carried { get; set; }
        public bool IsStarted { get; set; }

        /// <summary>The one that came after it last.</summary>
        public Entry? Next { get; set; }
    }
}
