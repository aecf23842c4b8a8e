using System.Reflection;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Loaders of methods with <see cref="DataLoaderAttribute"/>.</summary>
internal static class DataLoaderMethods
{
    public static void Register(MethodInfo method, TypeRegistry registry, DataLoaderRegistry loaders)
    {
        if (!method.IsDefined(typeof(DataLoaderAttribute)))
            return;
        var keys = method.GetParameters().FirstOrDefault()?.ParameterType;
        var returned = method.ReturnType.IsGenericType ? method.ReturnType.GetGenericArguments()[0] : null;
        if (!method.IsStatic || keys is null || ClrTypes.ItemOf(keys) is not { } key || returned is not { IsGenericType: true }
            || returned.GetGenericArguments() is not [var dictionaryKey, var value] || dictionaryKey != key)
            throw new SchemaException([$"{method.DeclaringType}.{method.Name} is no data loader: static, keys first, giving a task of a dictionary by key."]);
        typeof(DataLoaderMethods).GetMethod(nameof(Add), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(key, value).Invoke(null, [method, loaders]);
    }

    private static void Add<TKey, TValue>(MethodInfo method, DataLoaderRegistry loaders) where TKey : notnull
    {
        var invoker = MethodInvoker.Create(method);
        var parameters = method.GetParameters();
        loaders.Add(typeof(IDataLoader<TKey, TValue>), (services, scheduler, options) => new DelegateDataLoader<TKey, TValue>(
            (keys, ct) =>
            {
                var values = new object?[parameters.Length];
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = i == 0 ? keys
                        : parameters[i].ParameterType == typeof(CancellationToken) ? ct
                        : services.GetService(parameters[i].ParameterType)
                            ?? throw new InvalidOperationException($"{method.Name} needs a {parameters[i].ParameterType}, which is not registered.");
                }

                return Read<TKey, TValue>(invoker.Invoke(null, values.AsSpan())!);
            },
            scheduler,
            options));
    }

    private static async Task<IReadOnlyDictionary<TKey, TValue>> Read<TKey, TValue>(object task) where TKey : notnull => task switch
    {
        Task<IReadOnlyDictionary<TKey, TValue>> t => await t.ConfigureAwait(true),
        Task<Dictionary<TKey, TValue>> t => await t.ConfigureAwait(true),
        ValueTask<IReadOnlyDictionary<TKey, TValue>> t => await t.ConfigureAwait(true),
        ValueTask<Dictionary<TKey, TValue>> t => await t.ConfigureAwait(true),
        _ => throw new InvalidOperationException($"A loader gives a task of a dictionary, not {task.GetType()}."),
    };
}
