namespace Telemetry.Projections.Rating;

/// <summary>What is rated, by what, and as of when.</summary>
/// <param name="ProjectId"><c>none</c> for the samples of no project.</param>
/// <param name="Month">The first instant of the month, microseconds since 1970 (UTC).</param>
/// <param name="AsOfPosition">Only what was appended at or before it counts; null for everything.</param>
/// <param name="AsOfTime">Only what was recorded at or before it counts; null for everything.</param>
public sealed record RatingRequest(string ProjectId, long Month, Tariff Tariff, long? AsOfPosition = null, DateTimeOffset? AsOfTime = null);

/// <summary>A tariff applied to a project's month. The same samples and the same tariff always give the same rating.</summary>
/// <param name="Month">As <c>yyyy-MM</c>.</param>
/// <param name="Stream">The stream that it follows from.</param>
/// <param name="Version">The last version of it that counted; 0 where there is none.</param>
/// <param name="Position">The last position that counted; 0 where there is none.</param>
/// <param name="Samples">How many samples of the month there were, billed or not.</param>
/// <param name="Lines">In the order of the tariff's rules, then of what they are rated by.</param>
/// <param name="Total">The sum of the lines, each rounded.</param>
public sealed record Rating(
    string ProjectId, string Month, Tariff Tariff, long? AsOfPosition, DateTimeOffset? AsOfTime, string Stream, long Version, long Position, long Samples,
    IReadOnlyList<RatingLine> Lines, decimal Total);

/// <summary>What one rule bills for one project, resource or user.</summary>
/// <param name="By">The resource or user; null for the project as a whole.</param>
/// <param name="Quantity">Rounded as the tariff says, before the free allowance.</param>
/// <param name="Free">What of it is free.</param>
/// <param name="Parts">What of it fell into which tier.</param>
/// <param name="Amount">Rounded; at least the rule's minimum.</param>
/// <param name="Samples">How many samples it was made of.</param>
/// <param name="FirstPosition">The first position in the log that it follows from.</param>
/// <param name="LastPosition">The last.</param>
public sealed record RatingLine(
    string Rule, string? By, decimal Quantity, string Unit, decimal Free, IReadOnlyList<RatingPart> Parts, decimal Amount, long Samples,
    long FirstPosition, long LastPosition);

/// <summary>A part of a line in one tier.</summary>
/// <param name="Amount">Not rounded.</param>
public sealed record RatingPart(decimal Quantity, decimal Price, decimal Amount);

/// <summary>How far a rating has come.</summary>
public readonly record struct RatingProgress(long Samples, long Position);
