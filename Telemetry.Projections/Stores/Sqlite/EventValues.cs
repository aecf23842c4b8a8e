using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Stores.Sqlite;

/// <summary>How message ids and values of traits are kept in SQLite.</summary>
internal static class EventValues
{
    /// <summary>NaN is null to SQLite.</summary>
    public const string NaN = "nan";

    /// <summary>A message id: 16 bytes where it is a UUID in its usual form, else text.</summary>
    public static object Key(string messageId) =>
        Guid.TryParseExact(messageId, "D", out var uuid) && uuid.ToString() == messageId ? uuid.ToByteArray(bigEndian: true) : messageId;

    public static string MessageId(object key) => key is byte[] uuid ? new Guid(uuid, bigEndian: true).ToString() : (string)key;

    /// <summary>A value as SQLite orders it, but for <see cref="NaN"/>, which comes after all numbers.</summary>
    public static object Stored(QueryValue value) => value.Kind switch
    {
        ValueKind.Text => value.Text!,
        ValueKind.Float => double.IsNaN(value.Number) ? NaN : value.Number,
        _ => value.Integer,
    };

    public static QueryValue Value(object stored, TraitType type) => (type, stored) switch
    {
        (TraitType.Text, string text) => QueryValue.Of(text),
        (TraitType.Integer, long number) => QueryValue.Of(number),
        (TraitType.Float, double number) => QueryValue.Of(number),
        (TraitType.Float, NaN) => QueryValue.Of(double.NaN),
        (TraitType.Datetime, long at) => QueryValue.Instant(at),
        _ => throw new InvalidDataException($"A trait of type {type} has the value '{stored}'."),
    };
}
