using System.Globalization;
using System.Numerics;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.V2.Queries;

/// <summary>Turns the text of a condition into a value of the type that it names, or of the type that it looks like.</summary>
/// <remarks>Source: ceilometer/api/controllers/v2/base.py (Query._get_value_as_type).</remarks>
internal static class TypedValue
{
    private const string SupportedByTraits = "['integer', 'float', 'string', 'datetime']";
    private const string Supported = "['integer', 'float', 'string', 'boolean', 'datetime']";

    /// <param name="type">Null or empty: what the text looks like to Python.</param>
    /// <exception cref="ApiException">400: there is no such type, or the text is none of it.</exception>
    public static QueryValue Parse(string text, string? type) => type switch
    {
        null or "" => PythonLiteral.Guess(text),
        "integer" => Integer(text) ?? throw Unconvertible(text, type),
        "float" => Float(text) is { } number ? QueryValue.Of(number) : throw Unconvertible(text, type),
        "boolean" => Boolean(text) is { } boolean ? QueryValue.Of(boolean) : throw Unconvertible(text, type),
        "datetime" => IsoTimestamp.Parse(text) is { } at ? QueryValue.Instant(at.Utc) : throw Unconvertible(text, type),
        "string" => QueryValue.Of(text),
        _ => throw ApiException.BadRequest($"The data type {type} is not supported. The supported data type list is: {Supported}"),
    };

    /// <summary>The type of a trait that a condition names; text unless it does.</summary>
    /// <exception cref="ApiException">400: there is no such type of traits.</exception>
    public static TraitType TraitType(string? type) => type switch
    {
        null or "" or "string" => Domain.TelemetryEvents.TraitType.Text,
        "integer" => Domain.TelemetryEvents.TraitType.Integer,
        "float" => Domain.TelemetryEvents.TraitType.Float,
        "datetime" => Domain.TelemetryEvents.TraitType.Datetime,
        _ => throw ApiException.BadRequest($"The data type {type} is not supported. The supported data type list is: {SupportedByTraits}"),
    };

    /// <summary>oslo's strict booleans; null where it is none.</summary>
    public static bool? Boolean(string text) => text.Trim().ToLowerInvariant() switch
    {
        "1" or "t" or "true" or "on" or "y" or "yes" => true,
        "0" or "f" or "false" or "off" or "n" or "no" => false,
        _ => null,
    };

    private static QueryValue? Integer(string text) => PythonInteger.Parse(text) is { } number ? Of(number) : null;

    /// <summary>What is too large for an integer that can be stored equals none of them.</summary>
    public static QueryValue Of(BigInteger number) =>
        number >= long.MinValue && number <= long.MaxValue ? QueryValue.Of((long)number) : QueryValue.Of((double)number);

    private static double? Float(string text) =>
        double.TryParse(text.AsSpan().Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static ApiException Unconvertible(string text, string type) =>
        ApiException.BadRequest($"Unable to convert the value {text} to the expected data type {type}.");
}
