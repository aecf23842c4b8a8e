using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Rating;

/// <summary>Turns what was counted into lines with amounts.</summary>
internal static class Pricing
{
    /// <summary>The name of the line that lifts a bill to the tariff's minimum.</summary>
    public const string MinimumRule = "minimum";

    /// <summary>The lines of what was counted, in the order of the rules.</summary>
    public static IReadOnlyList<RatingLine> Price(Tariff tariff, IEnumerable<Counted> counted)
    {
        var lines = new List<RatingLine>();
        var byRule = counted.ToLookup(c => c.Rule, ReferenceEqualityComparer.Instance);
        foreach (var rule in tariff.Rules)
        {
            // Decimal sums can depend on their order in the last digit, so the order is fixed: by name, whatever the log's order is.
            foreach (var group in byRule[rule].GroupBy(c => By(rule, c.Series)).OrderBy(g => g.Key, StringComparer.Ordinal))
                lines.Add(Line(tariff, rule, group.Key, [.. group.OrderBy(c => c.Series, SeriesOrder.Instance)]));
        }
        var total = lines.Sum(l => l.Amount);
        if (total < tariff.Minimum)
            lines.Add(new(MinimumRule, null, 1, "month", 0, [new(1, tariff.Minimum - total, tariff.Minimum - total)], tariff.Rounding.Round(tariff.Minimum - total), 0, 0, 0));
        return lines;
    }

    private static RatingLine Line(Tariff tariff, TariffRule rule, string? by, IReadOnlyList<Counted> counted)
    {
        var sum = counted.Sum(c => c.Quantity) / rule.DivideBy;
        if (counted[0].Kind is QuantityKind.Integral or QuantityKind.Time)
            sum /= rule.TimeSeconds;
        var quantity = decimal.Round(sum, tariff.Rounding.QuantityDigits, MidpointRounding.ToEven);
        var free = Math.Max(0, Math.Min(rule.Free, quantity));
        var parts = Split(rule.Tiers, quantity - free);
        var amount = Math.Max(tariff.Rounding.Round(parts.Sum(p => p.Amount)), rule.Minimum);
        return new(rule.Name, by, quantity, rule.Unit, free, parts, amount, counted.Sum(c => c.Samples), counted.Min(c => c.FirstPosition), counted.Max(c => c.LastPosition));
    }

    /// <summary>A negative quantity, which deltas can add up to, is priced by the first tier.</summary>
    private static List<RatingPart> Split(IReadOnlyList<Tier> tiers, decimal quantity)
    {
        var parts = new List<RatingPart>();
        var from = 0m;
        foreach (var tier in tiers)
        {
            var part = (tier.UpTo is { } to && quantity > to ? to : quantity) - from;
            if (part > 0 || parts.Count == 0)
                parts.Add(new(part, tier.Price, part * tier.Price));
            if (tier.UpTo is null || quantity <= tier.UpTo)
                break;
            from = tier.UpTo.Value;
        }
        return parts;
    }

    private static string? By(TariffRule rule, SeriesKey series) => rule.By switch
    {
        RatedBy.Resource => series.ResourceId,
        RatedBy.User => series.UserId ?? "",
        _ => null,
    };

    private sealed class SeriesOrder : IComparer<SeriesKey>
    {
        public static readonly SeriesOrder Instance = new();

        public int Compare(SeriesKey? x, SeriesKey? y)
        {
            foreach (var (left, right) in new[] { (x!.Meter, y!.Meter), (x.ResourceId, y.ResourceId), (x.UserId, y.UserId), (x.Source, y.Source), (x.Unit, y.Unit), (x.ProjectId, y.ProjectId) })
            {
                if (string.CompareOrdinal(left, right) is not 0 and var order)
                    return order;
            }
            return x!.Type.CompareTo(y!.Type);
        }
    }
}
