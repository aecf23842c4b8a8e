using System.Reflection;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Reads properties by delegates: no reflection per value.</summary>
internal static class Getters
{
    public static Func<object, object?> For(PropertyInfo property)
    {
        var getter = property.GetMethod!;
        if (getter.DeclaringType!.IsValueType)
        {
            var invoker = MethodInvoker.Create(getter);
            return source => invoker.Invoke(source);
        }

        return (Func<object, object?>)typeof(Getters).GetMethod(nameof(Typed), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(getter.DeclaringType, property.PropertyType).Invoke(null, [getter])!;
    }

    private static Func<object, object?> Typed<TSource, TValue>(MethodInfo getter) where TSource : class
    {
        var read = getter.CreateDelegate<Func<TSource, TValue>>();
        return source => read((TSource)source);
    }
}
