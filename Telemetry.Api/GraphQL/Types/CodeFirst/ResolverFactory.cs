using System.Reflection;
using System.Runtime.ExceptionServices;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Gives a parameter's value.</summary>
/// <param name="context">Of the field.</param>
/// <param name="extra">What the caller gives beside it: a node's key, or keys.</param>
internal delegate object? ParameterBinder(ResolverContext context, object? extra);

/// <summary>Makes resolvers of methods: parameters are arguments, the parent, services, loaders, state or the token.</summary>
internal sealed class ResolverFactory(TypeRegistry registry, IServiceProviderIsService? services)
{
    /// <summary>A method's arguments in the schema, and the resolver that calls it.</summary>
    /// <param name="method">Static; or of the parent; or of a class that the services make.</param>
    /// <param name="parent">The CLR type of the object that the field is of; null at a root.</param>
    /// <param name="paging">Adds the arguments of a page.</param>
    public (IReadOnlyList<InputField> Arguments, FieldResolverDelegate Resolver) Create(MethodInfo method, Type? parent, UsePagingAttribute? paging)
    {
        var arguments = paging is null ? [] : ConnectionTypes.Arguments(paging);
        var call = Call(method, parent, arguments, paging);
        var adapt = TaskAdapter.For(method.ReturnType);
        return (arguments, context => adapt(call((ResolverContext)context, null)));
    }

    /// <summary>What calls a method; its arguments are added to a list, in which they keep their places.</summary>
    public ParameterBinder Call(MethodInfo method, Type? parent, List<InputField> arguments, UsePagingAttribute? paging = null, ParameterInfo? extra = null)
    {
        var invoker = MethodInvoker.Create(method);
        var binders = method.GetParameters()
            .Select(p => p == extra ? (_, value) => value : Bind(p, parent, arguments, paging))
            .ToArray();
        var declaring = method.DeclaringType!;
        var isOfParent = parent is not null && declaring.IsAssignableFrom(parent);
        return (context, value) =>
        {
            var values = binders.Length > 0 ? new object?[binders.Length] : [];
            for (var i = 0; i < values.Length; i++)
                values[i] = binders[i](context, value);
            var target = method.IsStatic ? null
                : isOfParent ? context.Source
                : ActivatorUtilities.GetServiceOrCreateInstance(context.Services, declaring);
            try
            {
                return invoker.Invoke(target, values.AsSpan());
            }
            catch (TargetInvocationException e) when (e.InnerException is { } inner)
            {
                ExceptionDispatchInfo.Throw(inner);
                throw;
            }
        };
    }

    private ParameterBinder Bind(ParameterInfo parameter, Type? parent, List<InputField> arguments, UsePagingAttribute? paging)
    {
        var type = parameter.ParameterType;
        if (type == typeof(CancellationToken))
            return static (context, _) => context.RequestAborted;
        if (type == typeof(IResolverContext))
            return static (context, _) => context;
        if (type == typeof(IServiceProvider))
            return static (context, _) => context.Services;
        if (type == typeof(PagingArguments))
            return (context, _) => ConnectionTypes.PageOf(context, paging ?? throw new SchemaException([$"{parameter.Member.Name} takes a page and has no [UsePaging]."]));
        if (parameter.IsDefined(typeof(ParentAttribute)) || (parent is not null && type == parent && !parameter.IsDefined(typeof(EventMessageAttribute))))
            return static (context, _) => context.Source;
        if (parameter.GetCustomAttribute<GlobalStateAttribute>() is { } state)
            return GlobalState(parameter, state.Key ?? parameter.Name!);
        if (parameter.IsDefined(typeof(EventMessageAttribute)))
            return static (context, _) => context.Source is EventMessage message ? message.Value : context.Source;
        if (typeof(IDataLoader).IsAssignableFrom(type))
        {
            var load = typeof(ResolverFactory).GetMethod(nameof(Loader), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(type).CreateDelegate<Func<ResolverContext, object>>();
            return (context, _) => load(context);
        }

        if (parameter.IsDefined(typeof(ServiceAttribute)) || (IsNoData(type) && services?.IsService(type) == true))
            return (context, _) => context.Services.GetRequiredService(type);
        var position = arguments.FindIndex(a => a.Name == NamingConventions.ArgumentName(parameter));
        if (position < 0)
        {
            position = arguments.Count;
            arguments.Add(Argument(parameter));
        }

        return (context, _) => context.Arguments[position];
    }

    private InputField Argument(ParameterInfo parameter)
    {
        var type = registry.Input(ClrReference.Of(parameter, isInput: true), parameter);
        ValueNode? defaultValue = null;
        if (parameter.GetCustomAttribute<DefaultValueSyntaxAttribute>() is { } syntax)
            defaultValue = Parser.ParseValue(syntax.Literal);
        else if (parameter is { HasDefaultValue: true, DefaultValue: not null } && parameter.ParameterType != typeof(CancellationToken))
            defaultValue = Literals.Of(EnumValueOf(parameter), type);
        return new(NamingConventions.ArgumentName(parameter), type, defaultValue)
        {
            Description = registry.Documentation.Of(parameter),
            DeprecationReason = TypeRegistry.DeprecationOf(parameter),
            Convert = InputTypes.ConverterOf(parameter.ParameterType, type, parameter),
        };
    }

    /// <summary>A default of an enum may come as its number.</summary>
    internal static object? EnumValueOf(ParameterInfo parameter) =>
        (Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType) is { IsEnum: true } e
            ? Enum.ToObject(e, parameter.DefaultValue!)
            : parameter.DefaultValue;

    private static bool IsNoData(Type type) =>
        !type.IsValueType && type != typeof(string) && ClrTypes.ScalarOf(type) is null && ClrTypes.ItemOf(type) is null;

    private static object Loader<T>(ResolverContext context) where T : IDataLoader => context.DataLoader<T>();

    private static ParameterBinder GlobalState(ParameterInfo parameter, string key) => (context, _) =>
        context.ContextData.TryGetValue(key, out var value) ? value
        : parameter.HasDefaultValue ? parameter.DefaultValue
        : throw new InvalidOperationException($"The request has no state named {key}.");
}
