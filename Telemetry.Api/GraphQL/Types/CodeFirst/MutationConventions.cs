using System.Reflection;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>A mutation that may fail in known ways gives a payload: its result or its errors, as HotChocolate's conventions.</summary>
internal sealed class MutationConventions(TypeRegistry registry)
{
    private readonly Dictionary<Type, ObjectType> _exceptionTypes = [];
    private InterfaceType? _error;

    private InterfaceType Error => _error ??= registry.Register(new InterfaceType("Error")
    {
        Description = "Why a mutation did not do what it was asked to.",
        Fields = new([new("message", new NonNullType(StringType.Instance)) { Description = "In words, for people." }]),
    });

    public OutputField Field(MethodInfo method)
    {
        var failures = method.GetCustomAttributes().OfType<IMayFail>().Select(f => f.ErrorType).ToList();
        if (failures.Count == 0)
            return registry.Objects.Method(method, null);
        var name = NamingConventions.FieldName(method);
        var title = NamingConventions.PascalCase(name);
        var errors = failures.Select(Failure).ToList();
        var union = registry.Register(new UnionType($"{title}Error") { Types = [.. errors.Select(e => e.Type)] });
        var payload = Payload(method, title, union);
        var (arguments, resolver) = registry.Resolvers.Create(method, null, null);
        var field = new OutputField(name, new NonNullType(payload))
        {
            Description = registry.Documentation.Of(method),
            DeprecationReason = TypeRegistry.DeprecationOf(method),
            Arguments = new(arguments),
            Weight = method.GetCustomAttribute<CostAttribute>()?.Weight,
            Resolver = context => ResolveAsync(context, resolver, errors),
        };
        Authorization.Apply(field, method, method.DeclaringType);
        return field;
    }

    /// <summary>What a mutation's method gave, or why not.</summary>
    private sealed record Outcome(object? Value, IReadOnlyList<object>? Errors);

    private sealed record FailureType(ObjectType Type, Func<Exception, object?> Create);

    private static async ValueTask<object?> ResolveAsync(IResolverContext context, FieldResolverDelegate resolver, List<FailureType> failures)
    {
        try
        {
            return new Outcome(await resolver(context), null);
        }
        catch (Exception e) when (Map(e, failures) is { } errors)
        {
            return new Outcome(null, errors);
        }
    }

    /// <summary>Null where one is of an unknown kind: it is then an error of the field.</summary>
    private static List<object>? Map(Exception exception, List<FailureType> failures)
    {
        var all = exception is AggregateException several ? several.InnerExceptions : (IReadOnlyCollection<Exception>)[exception];
        var errors = new List<object>();
        foreach (var one in all)
        {
            if (failures.Select(f => f.Create(one)).FirstOrDefault(e => e is not null) is not { } error)
                return null;
            errors.Add(error);
        }

        return errors;
    }

    private ObjectType Payload(MethodInfo method, string title, UnionType union)
    {
        var returned = ClrReference.Of(method.ReturnParameter, isInput: false);
        if (ClrTypes.TryUnwrap(returned.Type, out _))
            returned = returned.Argument(0);
        var payload = registry.Register(new ObjectType($"{title}Payload") { Description = registry.Documentation.Of(returned.Type) });
        var fields = new List<OutputField>();
        if (returned.Type.Name == payload.Name)
        {
            foreach (var property in ClrTypes.Properties(returned.Type).Where(p => !p.IsDefined(typeof(GraphQLIgnoreAttribute))))
            {
                var inner = registry.Objects.Property(property);
                fields.Add(new(inner.Name, inner.Type.Nullable())
                {
                    Description = inner.Description,
                    DeprecationReason = inner.DeprecationReason,
                    Property = source => ((Outcome)source).Value is { } value ? inner.Property!(value) : null,
                });
            }
        }
        else
        {
            var type = registry.Output(returned, method).Nullable();
            fields.Add(new(NamingConventions.CamelCase(type.Named.Name), type)
            {
                Description = "What the mutation made; null where it failed.",
                Property = source => ((Outcome)source).Value,
            });
        }

        fields.Add(new("errors", new ListType(new NonNullType(union)))
        {
            Description = "Why it failed; null where it did not.",
            Property = source => ((Outcome)source).Errors,
        });
        payload.Fields = new(fields);
        return payload;
    }

    private FailureType Failure(Type type)
    {
        if (typeof(Exception).IsAssignableFrom(type))
            return new(ExceptionType(type), e => type.IsInstanceOfType(e) ? e : null);
        var error = (ObjectType)registry.AddOutput(type);
        registry.Objects.Implement(error, Error);
        var factories = type.GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => m.Name == "CreateErrorFrom")
            .Select(m => (Takes: m.GetParameters()[0].ParameterType, Create: (Func<Exception, object?>)(e => m.Invoke(null, [e]))))
            .Concat(type.GetConstructors().Where(c => c.GetParameters() is [var p] && typeof(Exception).IsAssignableFrom(p.ParameterType))
                .Select(c => (Takes: c.GetParameters()[0].ParameterType, Create: (Func<Exception, object?>)(e => c.Invoke([e])))))
            .ToList();
        return factories.Count > 0
            ? new(error, e => factories.FirstOrDefault(f => f.Takes.IsInstanceOfType(e)).Create?.Invoke(e))
            : throw new SchemaException([$"{type} is an error and is made of no exception: it needs a constructor or a CreateErrorFrom."]);
    }

    /// <summary>An exception is an error of its name, with its message and its own properties.</summary>
    private ObjectType ExceptionType(Type type)
    {
        if (_exceptionTypes.TryGetValue(type, out var known))
            return known;
        var name = type.Name.EndsWith("Exception", StringComparison.Ordinal) ? type.Name[..^"Exception".Length] + "Error" : type.Name;
        var error = registry.Register(new ObjectType(name) { Description = registry.Documentation.Of(type), RuntimeType = type });
        _exceptionTypes.Add(type, error);
        registry.Objects.Implement(error, Error);
        registry.Defer(() => error.Fields = new(
        [
            new("message", new NonNullType(StringType.Instance)) { Description = "In words, for people.", Property = e => ((Exception)e).Message },
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Where(p => p.Name != "Message" && !p.IsDefined(typeof(GraphQLIgnoreAttribute)))
                .Select(registry.Objects.Property),
        ]));
        return error;
    }
}
