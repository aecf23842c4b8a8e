using System.Globalization;
using System.Text.Json;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>A whole number of 64 bits, written as a JSON number.</summary>
internal sealed class LongType() : ScalarType("Long")
{
    public static readonly LongType Instance = new() { Description = "A whole number of 64 bits." };

    public override object ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        literal is IntValueNode n && long.TryParse(n.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw CannotParse(literal);

    public override object ParseValue(JsonElement json) =>
        json.ValueKind != JsonValueKind.Number ? throw CannotParse(json.GetRawText())
        : json.TryGetInt64(out var value) ? value
        : json.TryGetDecimal(out var number) && number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue ? (long)number
        : throw CannotParse(json.GetRawText());

    public override object Serialize(object value) => value switch
    {
        long l => l,
        byte or sbyte or short or ushort or int or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        ulong and <= long.MaxValue => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        _ => throw CannotSerialize(value),
    };
}
