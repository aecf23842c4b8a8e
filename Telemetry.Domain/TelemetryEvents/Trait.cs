using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.TelemetryEvents;

/// <summary>A typed attribute of a telemetry event.</summary>
public readonly record struct Trait
{
    /// <summary>How long a name may be, and how much of a text value is kept, in code points (ceilometer/storage/sqlalchemy/models.py).</summary>
    public const int MaxLength = 255;

    /// <param name="name">1 to <see cref="MaxLength"/> characters.</param>
    /// <param name="value">Text (cut at <see cref="MaxLength"/>), an integer, a float or an instant.</param>
    /// <exception cref="ArgumentException">The name is empty or too long, or the value is of another kind.</exception>
    public Trait(string name, QueryValue value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Length > MaxLength)
            throw new ArgumentException($"A trait's name has at most {MaxLength} characters, not {name.Length}.", nameof(name));
        Name = name;
        Type = value.Kind switch
        {
            ValueKind.Text => TraitType.Text,
            ValueKind.Integer => TraitType.Integer,
            ValueKind.Float => TraitType.Float,
            ValueKind.Instant => TraitType.Datetime,
            _ => throw new ArgumentException($"A trait is text, a number or an instant, not {value.Kind}.", nameof(value)),
        };
        Value = Type == TraitType.Text ? QueryValue.Of(Cut(value.Text!)) : value;
    }

    public string Name { get; }
    public TraitType Type { get; }
    public QueryValue Value { get; }

    /// <summary>The value as the API shows it: always text, floats in Python's form, instants in naive UTC.</summary>
    public string Text => Type switch
    {
        TraitType.Float => PythonText.Float(Value.Number),
        TraitType.Datetime => UnixMicroseconds.Format(Value.Integer),
        _ => Value.ToString(),
    };

    private static string Cut(string text)
    {
        if (text.Length <= MaxLength)
            return text;
        var (end, points) = (0, 0);
        for (; end < text.Length && points < MaxLength; points++)
            end += (end + 1 < text.Length && char.IsSurrogatePair(text[end], text[end + 1])) ? 2 : 1;
        return text[..end];
    }
}
