namespace Telemetry.Projections.Rating;

/// <summary>What changes from one rating to another: another tariff, or samples that came late.</summary>
/// <param name="Lines">Only those that differ.</param>
public sealed record RatingDiff(Rating Before, Rating After, IReadOnlyList<RatingDiffLine> Lines)
{
    /// <summary>What the total changes by.</summary>
    public decimal Total => After.Total - Before.Total;

    /// <summary>Compares two ratings of one project line by line; lines are told by rule and by what they are rated by.</summary>
    /// <exception cref="TariffException">The currencies differ.</exception>
    public static RatingDiff Between(Rating before, Rating after)
    {
        if (before.Tariff.Currency != after.Tariff.Currency)
            throw new TariffException($"A rating in {before.Tariff.Currency} cannot be compared with one in {after.Tariff.Currency}.");
        var old = before.Lines.ToDictionary(l => (l.Rule, l.By));
        var lines = new List<RatingDiffLine>();
        foreach (var line in after.Lines)
        {
            old.Remove((line.Rule, line.By), out var was);
            if (was is null || was.Amount != line.Amount || was.Quantity != line.Quantity)
                lines.Add(new(line.Rule, line.By, line.Unit, was?.Quantity ?? 0, line.Quantity, was?.Amount ?? 0, line.Amount));
        }
        lines.AddRange(before.Lines.Where(l => old.ContainsKey((l.Rule, l.By))).Select(l => new RatingDiffLine(l.Rule, l.By, l.Unit, l.Quantity, 0, l.Amount, 0)));
        return new(before, after, lines);
    }
}

/// <summary>A line that differs; 0 where one of the ratings does not have it.</summary>
public sealed record RatingDiffLine(string Rule, string? By, string Unit, decimal QuantityBefore, decimal QuantityAfter, decimal AmountBefore, decimal AmountAfter);
