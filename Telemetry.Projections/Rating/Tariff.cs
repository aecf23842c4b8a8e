using System.IO.Enumeration;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Rating;

/// <summary>What things cost: which samples become which quantity, and its price. docs/rating.md describes the YAML form.</summary>
/// <param name="Currency">Three capital letters (ISO 4217).</param>
/// <param name="From">The first instant it is valid for, microseconds since 1970 (UTC).</param>
/// <param name="To">The first instant it is not valid for any more.</param>
/// <param name="Minimum">What a project pays for a month at least; 0 for nothing.</param>
/// <param name="CarrySeconds">How far before the month the last value of a series is looked for, so that nothing is lost between two months.</param>
/// <param name="Digest">SHA-256 of the file, lower-case hexadecimal.</param>
public sealed record Tariff(
    string Name, string Currency, long From, long To, Rounding Rounding, decimal Minimum, long CarrySeconds, IReadOnlyList<TariffRule> Rules, string Digest);

/// <summary>How amounts are rounded: each line, and nothing after it.</summary>
/// <param name="AmountDigits">Digits after the point of an amount, 0 to 10.</param>
/// <param name="QuantityDigits">Digits after the point of a quantity, 0 to 12; it is rounded before it is priced, half to even.</param>
public sealed record Rounding(int AmountDigits, RoundingMode Mode, int QuantityDigits)
{
    /// <summary>An amount as it is billed.</summary>
    public decimal Round(decimal amount) => decimal.Round(amount, AmountDigits, Mode switch
    {
        RoundingMode.HalfUp => MidpointRounding.AwayFromZero,
        RoundingMode.Up => amount < 0 ? MidpointRounding.ToNegativeInfinity : MidpointRounding.ToPositiveInfinity,
        RoundingMode.Down => MidpointRounding.ToZero,
        _ => MidpointRounding.ToEven,
    });
}

/// <summary>What becomes of the digits that an amount has too many.</summary>
public enum RoundingMode
{
    /// <summary>The nearest; of two the even one.</summary>
    HalfEven,

    /// <summary>The nearest; of two the one further from zero.</summary>
    HalfUp,

    /// <summary>Away from zero.</summary>
    Up,

    /// <summary>Towards zero.</summary>
    Down,
}

/// <summary>How the volumes of a series become a quantity.</summary>
public enum QuantityKind
{
    /// <summary>A gauge times how long it held: GiB become GiB-hours.</summary>
    Integral,

    /// <summary>How long samples were reported, whatever they say: instance-hours.</summary>
    Time,

    /// <summary>The sum of deltas.</summary>
    Sum,

    /// <summary>The increases of a counter; a fall is a restart at zero.</summary>
    Increase,
}

/// <summary>What a rule makes a line of.</summary>
public enum RatedBy
{
    Project,
    Resource,
    User,
}

/// <summary>A part of a quantity and its price.</summary>
/// <param name="UpTo">Where the tier ends, counted after the free allowance; null for the last one.</param>
/// <param name="Price">Of one unit.</param>
public sealed record Tier(decimal? UpTo, decimal Price);

/// <summary>What begins and ends the life of something.</summary>
/// <param name="From">The type of the event that begins it, <c>*</c> standing for any characters.</param>
/// <param name="To">The type of the event that ends it.</param>
/// <param name="Of">The trait that names what it is of.</param>
public sealed record Life(string From, string To, string Of);

/// <summary>Which samples are billed, and how. Of the rules of a tariff the first that matches a sample takes it.</summary>
/// <param name="Meter">The meter's name; <c>*</c> stands for any characters.</param>
/// <param name="Where">Conditions that all hold: <c>resource_id</c>, <c>user_id</c>, <c>source</c>, <c>unit</c> or <c>metadata.PATH</c>, and a text in which <c>*</c> stands for any characters.</param>
/// <param name="Quantity">Null: what the sample's type suggests.</param>
/// <param name="Unit">The name of the quantity's unit, for people.</param>
/// <param name="DivideBy">Volumes are divided by it, such as 1024 for MiB to be billed as GiB.</param>
/// <param name="TimeSeconds">Of <see cref="QuantityKind.Integral"/> and <see cref="QuantityKind.Time"/>: the unit of time.</param>
/// <param name="MaxGapSeconds">Of the same: how long a value holds at most when no other follows.</param>
/// <param name="Free">What costs nothing, of a line and month.</param>
/// <param name="Minimum">What a line costs at least.</param>
public sealed record TariffRule(
    string Name, string Meter, IReadOnlyList<KeyValuePair<string, string>> Where, QuantityKind? Quantity, string Unit, decimal DivideBy,
    long TimeSeconds, long MaxGapSeconds, RatedBy By, decimal Free, IReadOnlyList<Tier> Tiers, decimal Minimum)
{
    private const string MetadataPrefix = "metadata.";
    internal const string TraitPrefix = "traits.";

    /// <summary>Null for rules on samples: then what is rated is how long something was there, by the telemetry events that began and ended it.</summary>
    public Life? Life { get; init; }

    /// <summary>Whether a telemetry event begins what the rule rates.</summary>
    public bool Begins(TelemetryEvent e) => Life is not null && Like(Life.From, e.EventType) && Where.All(w => w.Key switch
    {
        "resource_id" => Like(w.Value, e[Life.Of, TraitType.Text].Text),
        "user_id" => Like(w.Value, e["user_id", TraitType.Text].Text),
        _ => e.Traits.Any(t => t.Name == w.Key[TraitPrefix.Length..] && Like(w.Value, t.Text)),
    });

    /// <summary>Whether a telemetry event ends it.</summary>
    public bool Ends(TelemetryEvent e) => Life is not null && Like(Life.To, e.EventType);

    /// <summary>Whether a condition looks at metadata, which may change from sample to sample.</summary>
    public bool DependsOnMetadata { get; } = Where.Any(w => w.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal));

    /// <summary>The kind that a series' samples are counted by.</summary>
    public QuantityKind KindFor(SampleType type) => Quantity ?? type switch
    {
        SampleType.Delta => QuantityKind.Sum,
        SampleType.Cumulative => QuantityKind.Increase,
        _ => QuantityKind.Integral,
    };

    /// <summary>Whether a series can match, its metadata aside.</summary>
    public bool MatchesSeries(SeriesKey series) => Life is null && Like(Meter, series.Meter) && Where.All(w => w.Key switch
    {
        "resource_id" => Like(w.Value, series.ResourceId),
        "user_id" => Like(w.Value, series.UserId),
        "source" => Like(w.Value, series.Source),
        "unit" => Like(w.Value, series.Unit),
        _ => true,
    });

    /// <summary>Whether a sample's metadata match.</summary>
    public bool MatchesMetadata(Metadata metadata) => !DependsOnMetadata || Where.All(w =>
        !w.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal) || (metadata[w.Key[MetadataPrefix.Length..]] is { Kind: not ValueKind.Null } value && Like(w.Value, value.ToString())));

    private static bool Like(string pattern, string? text) =>
        text is not null && (pattern == text || (pattern.Contains('*') && FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\", StringComparison.Ordinal), text, ignoreCase: false)));
}
