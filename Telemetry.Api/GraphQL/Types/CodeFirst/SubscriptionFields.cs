using System.Reflection;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Fields of the subscription type: a method for each event, and where the events come from.</summary>
internal sealed class SubscriptionFields(TypeRegistry registry)
{
    public IEnumerable<OutputField> Fields(Type type)
    {
        var methods = SchemaBuilder.Methods(type).ToList();
        return methods.Where(m => m.IsDefined(typeof(SubscribeAttribute))).Select(m => Field(m, methods));
    }

    private OutputField Field(MethodInfo method, List<MethodInfo> methods)
    {
        var name = NamingConventions.FieldName(method);
        var arguments = new List<InputField>();
        var call = registry.Resolvers.Call(method, null, arguments);
        var adapt = TaskAdapter.For(method.ReturnType);
        var subscriber = method.GetCustomAttribute<SubscribeAttribute>()!.With is { } with
            ? With(methods.FirstOrDefault(m => m.Name == with) ?? throw new SchemaException([$"{method.DeclaringType} has no method {with}."]), arguments)
            : Topic(method, name, arguments);
        var field = new OutputField(name, registry.Output(ClrReference.Of(method.ReturnParameter, isInput: false), method))
        {
            Description = registry.Documentation.Of(method),
            DeprecationReason = TypeRegistry.DeprecationOf(method),
            Arguments = new(arguments),
            Weight = method.GetCustomAttribute<CostAttribute>()?.Weight,
            Resolver = context => adapt(call((ResolverContext)context, null)),
            Subscriber = subscriber,
        };
        Authorization.Apply(field, method, method.DeclaringType);
        return field;
    }

    private SubscribeResolverDelegate With(MethodInfo method, List<InputField> arguments)
    {
        var call = registry.Resolvers.Call(method, null, arguments);
        var adapt = TaskAdapter.For(ClrTypes.TryUnwrap(method.ReturnType, out var inner) ? method.ReturnType : typeof(object));
        var item = ClrTypes.ItemOf(inner) ?? (inner.IsGenericType ? inner.GetGenericArguments()[0] : typeof(object));
        var stream = typeof(SubscriptionFields).GetMethod(nameof(Stream), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(item).CreateDelegate<Func<object, IAsyncEnumerable<object?>>>();
        return async context => stream(await adapt(call((ResolverContext)context, null))
            ?? throw new InvalidOperationException($"{method.Name} gave no stream."));
    }

    private static SubscribeResolverDelegate Topic(MethodInfo method, string name, List<InputField> arguments)
    {
        var template = method.GetCustomAttribute<TopicAttribute>()?.Name ?? name;
        var message = method.GetParameters().FirstOrDefault(p => p.IsDefined(typeof(EventMessageAttribute)))?.ParameterType
            ?? throw new SchemaException([$"{method.DeclaringType}.{method.Name} takes no [EventMessage]."]);
        var subscribe = typeof(SubscriptionFields).GetMethod(nameof(SubscribeAsync), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(message).CreateDelegate<Func<IResolverContext, string, ValueTask<IAsyncEnumerable<object?>>>>();
        return context =>
        {
            var topic = template;
            for (var i = 0; i < arguments.Count; i++)
                topic = topic.Replace($"{{{arguments[i].Name}}}", ((ResolverContext)context).Arguments[i]?.ToString(), StringComparison.Ordinal);
            return subscribe(context, topic);
        };
    }

    private static async ValueTask<IAsyncEnumerable<object?>> SubscribeAsync<T>(IResolverContext context, string topic)
    {
        var receiver = context.Services.GetRequiredService<ITopicEventReceiver>();
        return Stream<T>(await receiver.SubscribeAsync<T>(topic, context.RequestAborted));
    }

    private static async IAsyncEnumerable<object?> Stream<T>(object source)
    {
        if (source is ISourceStream<T> topic)
        {
            await using (topic.ConfigureAwait(false))
            {
                await foreach (var item in topic.ReadEventsAsync().ConfigureAwait(false))
                    yield return item;
            }

            yield break;
        }

        await foreach (var item in ((IAsyncEnumerable<T>)source).ConfigureAwait(false))
            yield return item;
    }
}
