using System.Collections;
using System.Globalization;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>CLR values as literals, for defaults.</summary>
internal static class Literals
{
    /// <exception cref="ArgumentException">The value has no literal of the type.</exception>
    public static ValueNode Of(object? value, GraphQLType type) => (type.Nullable(), value) switch
    {
        (_, null) => new NullValueNode(0),
        (ListType list, IEnumerable items and not string) => new ListValueNode(0, [.. items.Cast<object?>().Select(i => Of(i, list.OfType))]),
        (EnumType e, _) => new EnumValueNode(0, e.Serialize(value)),
        (ScalarType s, _) => Scalar(s.Serialize(value)),
        _ => throw new ArgumentException($"A {value.GetType()} cannot be a default of type {type}.", nameof(value)),
    };

    private static ValueNode Scalar(object value) => value switch
    {
        string s => new StringValueNode(0, s, block: false),
        bool b => new BooleanValueNode(0, b),
        int or long => new IntValueNode(0, ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture)),
        // A number without a fraction is an integer, as graphql-js prints it.
        double d when d == Math.Truncate(d) && Math.Abs(d) < 1e15 => new IntValueNode(0, d.ToString("F0", CultureInfo.InvariantCulture)),
        double d => new FloatValueNode(0, d.ToString("R", CultureInfo.InvariantCulture)),
        _ => throw new ArgumentException($"A {value.GetType()} has no literal.", nameof(value)),
    };
}
