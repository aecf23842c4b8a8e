using System.Globalization;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Queries;

/// <summary>What a <see cref="QueryValue"/> holds.</summary>
public enum ValueKind : byte
{
    Null,
    Text,
    Integer,
    Float,
    Boolean,
    Instant,
    Items,
}

/// <summary>A typed value that a query compares with, or that a row has in a field.</summary>
/// <remarks>Values of different kinds are never equal, but for <see cref="ValueKind.Integer"/> and <see cref="ValueKind.Float"/> where a
/// field holds numbers (see <see cref="Predicate.Compare"/>).</remarks>
public readonly record struct QueryValue
{
    private readonly double _number;
    private readonly object? _reference;

    private QueryValue(ValueKind kind, object? reference, long integer, double number) => (Kind, _reference, Integer, _number) = (kind, reference, integer, number);

    public static readonly QueryValue Null;

    public ValueKind Kind { get; }

    /// <summary>The text of <see cref="ValueKind.Text"/>, else null.</summary>
    public string? Text => _reference as string;

    /// <summary>The rows of <see cref="ValueKind.Items"/>, else none.</summary>
    public IReadOnlyList<IRow> Items => _reference as IReadOnlyList<IRow> ?? [];

    /// <summary>The number of <see cref="ValueKind.Integer"/>, 1 or 0 for <see cref="ValueKind.Boolean"/>, microseconds since 1970 for <see cref="ValueKind.Instant"/>.</summary>
    public long Integer { get; }

    /// <summary>The number, of <see cref="ValueKind.Float"/> and <see cref="ValueKind.Integer"/>.</summary>
    public double Number => Kind == ValueKind.Integer ? Integer : _number;

    public static QueryValue Of(string? text) => text is null ? Null : new(ValueKind.Text, text, 0, 0);
    public static QueryValue Of(long number) => new(ValueKind.Integer, null, number, 0);
    public static QueryValue Of(double number) => new(ValueKind.Float, null, 0, number);
    public static QueryValue Of(bool value) => new(ValueKind.Boolean, null, value ? 1 : 0, 0);
    public static QueryValue Of(IReadOnlyList<IRow> items) => new(ValueKind.Items, items, 0, 0);
    public static QueryValue Instant(long microseconds) => new(ValueKind.Instant, null, microseconds, 0);

    public override string ToString() => Kind switch
    {
        ValueKind.Null => "null",
        ValueKind.Text => Text!,
        ValueKind.Integer => Integer.ToString(CultureInfo.InvariantCulture),
        ValueKind.Float => _number.ToString("R", CultureInfo.InvariantCulture),
        ValueKind.Boolean => Integer == 1 ? "true" : "false",
        ValueKind.Items => $"{Items.Count} items",
        _ => UnixMicroseconds.Format(Integer),
    };
}
