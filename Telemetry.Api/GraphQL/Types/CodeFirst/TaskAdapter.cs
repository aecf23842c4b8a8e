using System.Reflection;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Makes one kind of awaitable of all that a resolver may return.</summary>
internal static class TaskAdapter
{
    /// <summary>For a method's return type: from what it returns to the field's value.</summary>
    public static Func<object?, ValueTask<object?>> For(Type returnType)
    {
        if (returnType.IsGenericType)
        {
            var definition = returnType.GetGenericTypeDefinition();
            var method = definition == typeof(Task<>) ? nameof(FromTask)
                : definition == typeof(ValueTask<>) ? nameof(FromValueTask)
                : definition == typeof(IAsyncEnumerable<>) && returnType.GetGenericArguments()[0].IsValueType ? nameof(FromStream)
                : null;
            if (method is not null)
            {
                return typeof(TaskAdapter).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!
                    .MakeGenericMethod(returnType.GetGenericArguments()[0]).CreateDelegate<Func<object?, ValueTask<object?>>>();
            }
        }

        return static value => new(value);
    }

    private static ValueTask<object?> FromTask<T>(object? value)
    {
        var task = (Task<T>)value!;
        return task.IsCompletedSuccessfully ? new(task.Result) : Await(task);

        static async ValueTask<object?> Await(Task<T> task) => await task.ConfigureAwait(true);
    }

    private static ValueTask<object?> FromValueTask<T>(object? value)
    {
        var task = (ValueTask<T>)value!;
        return task.IsCompletedSuccessfully ? new(task.Result) : Await(task);

        static async ValueTask<object?> Await(ValueTask<T> task) => await task.ConfigureAwait(true);
    }

    private static ValueTask<object?> FromStream<T>(object? value)
    {
        return new(Boxed((IAsyncEnumerable<T>)value!));

        static async IAsyncEnumerable<object?> Boxed(IAsyncEnumerable<T> source)
        {
            await foreach (var item in source.ConfigureAwait(true))
                yield return item;
        }
    }
}
