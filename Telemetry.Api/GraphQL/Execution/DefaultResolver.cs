using System.Collections.Concurrent;
using System.Reflection;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.Introspection;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>The value of a field without resolver: of a dictionary by its key, of an object by its property.</summary>
internal static class DefaultResolver
{
    private static readonly ConcurrentDictionary<(Type, string), PropertyInfo?> Properties = [];

    public static object? Resolve(ObjectType type, OutputField field, object source)
    {
        if (ReferenceEquals(field, IntrospectionTypes.TypeNameField))
            return type.Name;
        return source is IReadOnlyDictionary<string, object?> values
            ? values.GetValueOrDefault(field.Name)
            : Properties.GetOrAdd((source.GetType(), field.Name), static key =>
                key.Item1.GetProperty(key.Item2, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase))?.GetValue(source);
    }
}
