using System.Globalization;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Turns coerced values into what a parameter or property takes.</summary>
internal static class InputConverter
{
    /// <summary>Null where the coerced value is taken as it is.</summary>
    public static Func<object?, object?>? For(Type target, GraphQLType type)
    {
        if (ClrTypes.TryUnwrap(target, out var inner))
        {
            var convert = For(inner, type);
            var create = target.GetConstructor([inner])!;
            return value => create.Invoke([convert is null ? value : convert(value)]);
        }

        var plain = Nullable.GetUnderlyingType(target) ?? target;
        if (type.Nullable() is ListType list)
            return ToList(plain, list);
        if (type.Nullable() is not ScalarType scalar || IsTakenAsIs(plain, scalar))
            return null;
        return value => value is null ? null : Convert(value, plain);
    }

    /// <summary>Takes a global id apart: a key of the type named, or a <see cref="NodeId"/>.</summary>
    public static Func<object?, object?> Id(Type target, GraphQLType type, string? typeName)
    {
        var plain = Nullable.GetUnderlyingType(target) ?? target;
        if (type.Nullable() is ListType list)
        {
            var item = ClrTypes.ItemOf(plain)!;
            var decode = Id(item, list.OfType, typeName);
            var collect = ToList(plain, new ListType(JsonType.Instance));
            return value => value is object?[] items ? collect(items.Select(decode).ToArray()) : null;
        }

        return value =>
        {
            if (value is null)
                return null;
            if (plain == typeof(string) && typeName is null)
                return value;
            var id = NodeId.TryParse((string)value) is { } found && (typeName is null || found.TypeName == typeName)
                ? found
                : throw new LeafCoercionException($"\"{Shorten((string)value)}\" is no id of {(typeName is null ? "a node" : $"type {typeName}")}.");
            return plain == typeof(NodeId) ? id : Convert(id.Key, plain);
        };
    }

    private static bool IsTakenAsIs(Type target, ScalarType scalar) => scalar switch
    {
        IntType => target == typeof(int),
        LongType => target == typeof(long),
        FloatType => target == typeof(double),
        DateTimeType => target == typeof(DateTimeOffset),
        DurationType => target == typeof(CalendarDuration),
        StringType or IdType => target == typeof(string),
        HashType => target == typeof(ReadOnlyMemory<byte>),
        _ => true,
    };

    private static object? Convert(object value, Type target)
    {
        try
        {
            return value switch
            {
                _ when target.IsInstanceOfType(value) => value,
                CalendarDuration d when target == typeof(TimeSpan) => d.AsTimeSpan() ?? throw new LeafCoercionException($"{d} has months, which are of no fixed length."),
                DateTimeOffset d when target == typeof(DateTime) => d.UtcDateTime,
                ReadOnlyMemory<byte> b when target == typeof(byte[]) => b.ToArray(),
                string s when target == typeof(Guid) => Guid.Parse(s, CultureInfo.InvariantCulture),
                string s when target == typeof(Uri) => new Uri(s, UriKind.RelativeOrAbsolute),
                _ => System.Convert.ChangeType(value, target, CultureInfo.InvariantCulture),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidCastException)
        {
            throw new LeafCoercionException($"{Shorten(value.ToString()!)} is out of range or of another form.");
        }
    }

    private static Func<object?, object?> ToList(Type target, ListType type)
    {
        var item = ClrTypes.ItemOf(target) ?? throw new ArgumentException($"{target} takes no list.", nameof(target));
        var convert = For(item, type.OfType);
        return value =>
        {
            if (value is not object?[] items)
                return null;
            var array = Array.CreateInstance(item, items.Length);
            for (var i = 0; i < items.Length; i++)
                array.SetValue(convert is null ? items[i] : convert(items[i]), i);
            return target.IsInstanceOfType(array) ? array : Activator.CreateInstance(target, array);
        };
    }

    private static string Shorten(string text) => text.Length > 100 ? text[..100] + "…" : text;
}
