using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Rating;

/// <summary>How long things were there in a month, by the telemetry events that began and ended them.</summary>
/// <remarks>Memory: one entry an event that begins or ends something, up to the month's end.</remarks>
/// <param name="from">Where the time that is rated begins, microseconds since 1970.</param>
/// <param name="to">Where it ends.</param>
internal sealed class LifeFold(Tariff tariff, string project, long from, long to)
{
    private readonly TariffRule[] _rules = [.. tariff.Rules.Where(r => r.Life is not null)];
    private readonly Dictionary<string, List<Change>> _changes = new(StringComparer.Ordinal); // by resource

    /// <summary>Whether any rule asks for it.</summary>
    public bool IsWanted => _rules.Length > 0;

    /// <summary>The last position that was read.</summary>
    public long Position { get; private set; }

    /// <summary>Notes the telemetry events of an event in the log, in any order.</summary>
    public void Add(RecordedEvent recorded)
    {
        Position = Math.Max(Position, recorded.Position);
        foreach (var e in TelemetryEventsRecorded.Read(recorded))
        {
            if (e.GeneratedAt >= to)
                continue;
            foreach (var rule in _rules)
            {
                var (begins, ends) = (rule.Begins(e), rule.Ends(e));
                if ((!begins && !ends) || e[rule.Life!.Of, TraitType.Text].Text is not { } resource)
                    continue;
                if (!_changes.TryGetValue(resource, out var changes))
                    _changes[resource] = changes = [];
                changes.Add(new(e.GeneratedAt, recorded.Position, begins, rule, e["user_id", TraitType.Text].Text));
            }
        }
    }

    /// <summary>What was counted: each life by the first rule whose conditions its first event fulfils.</summary>
    public IEnumerable<Counted> Close()
    {
        foreach (var (resource, changes) in _changes.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            Change? begun = null;
            var hasBegun = false; // ever: an end before any beginning is of a life that the log does not know the beginning of
            foreach (var instant in changes.GroupBy(c => (c.At, c.Position)).OrderBy(g => g.Key))
            {
                var began = instant.FirstOrDefault(c => c.IsBeginning);
                if (began is not null && begun is null)
                {
                    (begun, hasBegun) = (began, true);
                    continue;
                }
                if (instant.FirstOrDefault(c => !c.IsBeginning && (begun is null || ReferenceEquals(c.Rule, begun.Rule))) is not { } ended || (begun is null && hasBegun))
                    continue;
                if (Count(resource, begun, ended) is { } counted)
                    yield return counted;
                (begun, hasBegun) = (null, true);
            }
            if (begun is not null && Count(resource, begun, null) is { } alive)
                yield return alive;
        }
    }

    private Counted? Count(string resource, Change? begun, Change? ended)
    {
        var (start, end) = (Math.Max(begun?.At ?? from, from), Math.Min(ended?.At ?? to, to));
        if (start >= end)
            return null;
        var first = begun ?? ended!;
        var series = new SeriesKey(first.Rule.Life!.From, SampleType.Gauge, null, resource, project, first.UserId, TelemetryEventStreams.Category);
        var positions = new[] { begun, ended }.OfType<Change>().Select(c => c.Position).ToArray();
        return new(series, first.Rule, QuantityKind.Time, (end - start) / (decimal)UnixMicroseconds.PerSecond, positions.Length, positions.Min(), positions.Max());
    }

    private sealed record Change(long At, long Position, bool IsBeginning, TariffRule Rule, string? UserId);
}
