using System.Globalization;
using System.Text.Json;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>32 bits: counts, positions and revisions are <see cref="LongType"/>.</summary>
internal sealed class IntType() : ScalarType("Int")
{
    public static readonly IntType Instance = new() { Description = "A whole number of 32 bits." };

    public override object ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal is IntValueNode n && int.TryParse(n.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw CannotParse(literal);

    /// <summary>A number without fraction, however it is written: <c>1.0</c> is one.</summary>
    public override object ParseValue(JsonElement json) =>
        json.ValueKind != JsonValueKind.Number ? throw CannotParse(json.GetRawText())
        : json.TryGetInt32(out var value) ? value
        : json.TryGetDouble(out var number) && number is >= int.MinValue and <= int.MaxValue && number == Math.Truncate(number) ? (int)number
        : throw CannotParse(json.GetRawText());

    public override object Serialize(object value) => value switch
    {
        int i => i,
        byte or sbyte or short or ushort => Convert.ToInt32(value, CultureInfo.InvariantCulture),
        uint or long or ulong when Convert.ToDecimal(value, CultureInfo.InvariantCulture) is >= int.MinValue and <= int.MaxValue and var d => (int)d,
        bool b => b ? 1 : 0,
        double d when d is >= int.MinValue and <= int.MaxValue && d == Math.Truncate(d) => (int)d,
        _ => throw CannotSerialize(value),
    };
}

/// <summary>Double precision, finite.</summary>
internal sealed class FloatType() : ScalarType("Float")
{
    public static readonly FloatType Instance = new() { Description = "A finite number of double precision." };

    public override object ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables)
    {
        var text = literal switch { IntValueNode n => n.Value, FloatValueNode n => n.Value, _ => throw CannotParse(literal) };
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw CannotParse(literal);
    }

    public override object ParseValue(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out var value) && double.IsFinite(value) ? value : throw CannotParse(json.GetRawText());

    public override object Serialize(object value)
    {
        var number = value switch
        {
            double d => d,
            float or decimal or byte or sbyte or short or ushort or int or uint or long or ulong => Convert.ToDouble(value, CultureInfo.InvariantCulture),
            bool b => b ? 1 : 0,
            _ => throw CannotSerialize(value),
        };
        return double.IsFinite(number) ? number : throw new LeafCoercionException("Float cannot represent a number that is not finite.");
    }
}

internal sealed class StringType() : ScalarType("String")
{
    public static readonly StringType Instance = new() { Description = "A text." };

    public override object ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal is StringValueNode s ? s.Value : throw CannotParse(literal);

    public override object ParseValue(JsonElement json) =>
        json.ValueKind == JsonValueKind.String ? json.GetString()! : throw CannotParse(json.GetRawText());

    public override object Serialize(object value) => value switch
    {
        string s => s,
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => throw CannotSerialize(value),
    };
}

internal sealed class BooleanType() : ScalarType("Boolean")
{
    public static readonly BooleanType Instance = new() { Description = "True or false." };

    public override object ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal is BooleanValueNode b ? b.Value : throw CannotParse(literal);

    public override object ParseValue(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw CannotParse(json.GetRawText()),
    };

    public override object Serialize(object value) => value is bool ? value : throw CannotSerialize(value);
}

/// <summary>Written as a string; read from a string or a whole number.</summary>
internal sealed class IdType() : ScalarType("ID")
{
    public static readonly IdType Instance = new() { Description = "An opaque key: kept, compared and sent back, never taken apart." };

    public override object ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) => literal switch
    {
        StringValueNode s => s.Value,
        IntValueNode i => i.Value,
        _ => throw CannotParse(literal),
    };

    public override object ParseValue(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString()!,
        JsonValueKind.Number when json.TryGetInt64(out var number) => number.ToString(CultureInfo.InvariantCulture),
        JsonValueKind.Number when json.TryGetDecimal(out var number) && number == decimal.Truncate(number) => number.ToString("0", CultureInfo.InvariantCulture),
        _ => throw CannotParse(json.GetRawText()),
    };

    public override object Serialize(object value) => value switch
    {
        string s => s,
        Guid or byte or short or int or long or ulong or uint => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        _ => throw CannotSerialize(value),
    };
}
