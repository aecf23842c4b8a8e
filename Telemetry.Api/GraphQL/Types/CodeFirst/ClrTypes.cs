using System.Reflection;
using System.Text.Json;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>What CLR types mean to a schema.</summary>
internal static class ClrTypes
{
    private static readonly Dictionary<Type, ScalarType> Scalars = new()
    {
        [typeof(int)] = IntType.Instance,
        [typeof(short)] = IntType.Instance,
        [typeof(ushort)] = IntType.Instance,
        [typeof(byte)] = IntType.Instance,
        [typeof(sbyte)] = IntType.Instance,
        [typeof(long)] = LongType.Instance,
        [typeof(uint)] = LongType.Instance,
        [typeof(ulong)] = LongType.Instance,
        [typeof(double)] = FloatType.Instance,
        [typeof(float)] = FloatType.Instance,
        [typeof(decimal)] = FloatType.Instance,
        [typeof(bool)] = BooleanType.Instance,
        [typeof(string)] = StringType.Instance,
        [typeof(char)] = StringType.Instance,
        [typeof(Guid)] = StringType.Instance,
        [typeof(Uri)] = StringType.Instance,
        [typeof(DateTimeOffset)] = DateTimeType.Instance,
        [typeof(DateTime)] = DateTimeType.Instance,
        [typeof(TimeSpan)] = DurationType.Instance,
        [typeof(CalendarDuration)] = DurationType.Instance,
        [typeof(byte[])] = HashType.Instance,
        [typeof(ReadOnlyMemory<byte>)] = HashType.Instance,
        [typeof(JsonElement)] = JsonType.Instance,
        [typeof(JsonDocument)] = JsonType.Instance,
        [typeof(object)] = JsonType.Instance,
    };

    public static ScalarType? ScalarOf(Type type) => Scalars.GetValueOrDefault(type);

    /// <summary>A scalar of a class: its <c>Instance</c>, or a new one.</summary>
    public static ScalarType ScalarInstance(Type scalar) =>
        scalar.GetField("Instance", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as ScalarType
        ?? (ScalarType)Activator.CreateInstance(scalar)!;

    /// <summary>What a task, a value task or an optional holds; the type itself for any other.</summary>
    public static bool TryUnwrap(Type type, out Type inner)
    {
        inner = type;
        if (!type.IsGenericType)
            return false;
        var definition = type.GetGenericTypeDefinition();
        if (definition != typeof(Task<>) && definition != typeof(ValueTask<>) && definition != typeof(Optional<>))
            return false;
        inner = type.GetGenericArguments()[0];
        return true;
    }

    /// <summary>The type of a list's items; null where the type is no list.</summary>
    public static Type? ItemOf(Type type)
    {
        if (type == typeof(string) || ScalarOf(type) is not null)
            return null;
        if (type.IsArray)
            return type.GetElementType();
        var candidates = type.IsInterface ? type.GetInterfaces().Prepend(type) : type.GetInterfaces();
        foreach (var candidate in candidates)
        {
            if (!candidate.IsGenericType)
                continue;
            var definition = candidate.GetGenericTypeDefinition();
            if (definition == typeof(IEnumerable<>) || definition == typeof(IAsyncEnumerable<>))
                return candidate.GetGenericArguments()[0];
        }

        return null;
    }

    /// <summary>Whether the compiler or <see cref="object"/> made a method.</summary>
    public static bool IsPlumbing(MethodInfo method) =>
        method.IsSpecialName || method.IsGenericMethodDefinition || method.Name.Contains('<') || method.ReturnType == typeof(void)
        || method.ReturnType == typeof(Task) || method.ReturnType == typeof(ValueTask)
        || method.GetBaseDefinition().DeclaringType == typeof(object)
        || method.Name is "Deconstruct" or "Equals" or "GetHashCode" or "ToString" or "CompareTo" or "PrintMembers" or "GetEnumerator" or "Dispose" or "DisposeAsync";

    /// <summary>Public properties with a getter, a base class's first.</summary>
    public static IEnumerable<PropertyInfo> Properties(Type type)
    {
        var chain = new Stack<Type>();
        if (type.IsInterface)
        {
            foreach (var inherited in type.GetInterfaces())
                chain.Push(inherited);
            chain = new(chain.Append(type).Reverse());
        }
        else
        {
            for (var t = type; t is not null && t != typeof(object) && t != typeof(ValueType); t = t.BaseType)
                chain.Push(t);
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var level in chain)
        {
            foreach (var property in level.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            {
                if (property.GetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0 && seen.Add(property.Name))
                    yield return type.IsInterface ? property : type.GetProperty(property.Name, property.PropertyType) ?? property;
            }
        }
    }
}

/// <summary>A CLR type with its nullability, as declared.</summary>
/// <param name="Type">Not unwrapped.</param>
/// <param name="Nullability">Null where unknown.</param>
/// <param name="IsInput">Whether what is written counts, or what is read.</param>
internal readonly record struct ClrReference(Type Type, NullabilityInfo? Nullability, bool IsInput)
{
    private static readonly ThreadLocal<NullabilityInfoContext> Context = new(() => new());

    public static ClrReference Of(PropertyInfo property, bool isInput) => new(property.PropertyType, Context.Value!.Create(property), isInput);

    public static ClrReference Of(ParameterInfo parameter, bool isInput) => new(parameter.ParameterType, Context.Value!.Create(parameter), isInput);

    /// <summary>Whether null is a value: of a reference type by its annotation, without one it is.</summary>
    public bool IsNullable => Type.IsValueType
        ? System.Nullable.GetUnderlyingType(Type) is not null || (Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(Optional<>))
        : (IsInput ? Nullability?.WriteState : Nullability?.ReadState) != NullabilityState.NotNull;

    /// <summary>A type argument, such as what a task gives.</summary>
    public ClrReference Argument(int index) =>
        new(Type.GetGenericArguments()[index], Nullability?.GenericTypeArguments is { } a && a.Length > index ? a[index] : null, IsInput);

    /// <summary>The items of a list.</summary>
    public ClrReference Item(Type item)
    {
        if (Type.IsArray)
            return new(item, Nullability?.ElementType, IsInput);
        return Type.IsGenericType && Type.GetGenericArguments() is [var only] && only == item ? Argument(0) : new(item, null, IsInput);
    }
}
