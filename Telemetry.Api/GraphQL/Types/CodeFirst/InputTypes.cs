using System.ComponentModel;
using System.Reflection;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Input objects of C# classes and records.</summary>
internal sealed class InputTypes(TypeRegistry registry)
{
    public NamedType Create(Type type, Action<NamedType> created)
    {
        var input = registry.Register(new InputObjectType(NamingConventions.TypeName(type, isInput: true))
        {
            Description = registry.Documentation.Of(type),
            IsOneOf = type.IsDefined(typeof(OneOfAttribute)),
        });
        created(input);
        registry.Defer(() => Complete(type, input));
        return input;
    }

    /// <summary>From a coerced value to a CLR type; takes ids apart.</summary>
    public static Func<object?, object?>? ConverterOf(Type target, GraphQLType type, ICustomAttributeProvider member) =>
        member.GetCustomAttributes(true).OfType<IDAttribute>().FirstOrDefault() is { } id
            ? InputConverter.Id(ClrTypes.TryUnwrap(target, out var inner) ? inner : target, type, id.TypeName)
            : InputConverter.For(target, type);

    private void Complete(Type type, InputObjectType input)
    {
        var constructor = ConstructorOf(type);
        var parameters = constructor?.GetParameters() ?? [];
        var fields = new List<InputField>();
        var setters = new List<(string Name, Func<object?, object?>? Convert, MethodInvoker Set)>();
        var places = new List<(string Name, Func<object?, object?>? Convert, ParameterInfo Parameter)>(new (string, Func<object?, object?>?, ParameterInfo)[parameters.Length]);
        foreach (var property in ClrTypes.Properties(type))
        {
            if (property.IsDefined(typeof(GraphQLIgnoreAttribute)))
                continue;
            var parameter = Array.FindIndex(parameters, p => string.Equals(p.Name, property.Name, StringComparison.OrdinalIgnoreCase));
            if (parameter < 0 && property.SetMethod is not { IsPublic: true })
                continue;
            var field = Field(property, parameter < 0 ? null : parameters[parameter]);
            var convert = IdAware(property, parameter < 0 ? null : parameters[parameter], field.Type);
            fields.Add(field);
            if (parameter >= 0)
                places[parameter] = (field.Name, convert, parameters[parameter]);
            else
                setters.Add((field.Name, convert, MethodInvoker.Create(property.SetMethod!)));
        }

        if (places.Any(p => p.Name is null))
            throw new SchemaException([$"{type} cannot be an input: a parameter of its constructor is no property."]);
        input.Fields = new(fields);
        var create = constructor is null ? null : ConstructorInvoker.Create(constructor);
        input.CreateInstance = given => Instance(type, create, places, setters, given);
    }

    private static object Instance(
        Type type, ConstructorInvoker? create, List<(string Name, Func<object?, object?>? Convert, ParameterInfo Parameter)> places,
        List<(string Name, Func<object?, object?>? Convert, MethodInvoker Set)> setters, InputObject given)
    {
        var values = new object?[places.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var (name, convert, parameter) = places[i];
            values[i] = given.TryGetValue(name, out var value) ? (convert is null ? value : convert(value)) : Absent(parameter);
        }

        var instance = create is null ? Activator.CreateInstance(type)! : create.Invoke(values.AsSpan());
        foreach (var (name, convert, set) in setters)
        {
            if (given.TryGetValue(name, out var value))
                set.Invoke(instance, convert is null ? value : convert(value));
        }

        return instance;
    }

    private static object? Absent(ParameterInfo parameter) =>
        parameter.HasDefaultValue && parameter.DefaultValue is not null ? ResolverFactory.EnumValueOf(parameter)
        : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType)
        : null;

    private InputField Field(PropertyInfo property, ParameterInfo? parameter)
    {
        var type = registry.Input(ClrReference.Of(property, isInput: true), Attributes(property, parameter));
        var field = new InputField(NamingConventions.FieldName(property), type, DefaultOf(property, parameter, type))
        {
            Description = registry.Documentation.Of(property),
            DeprecationReason = TypeRegistry.DeprecationOf(property),
        };
        return field;
    }

    private static Func<object?, object?>? IdAware(PropertyInfo property, ParameterInfo? parameter, GraphQLType type)
    {
        var attributes = Attributes(property, parameter);
        var convert = ConverterOf(property.PropertyType, type, attributes);
        var isOptional = property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(Optional<>);
        if (!isOptional || convert is null || !attributes.IsDefined(typeof(IDAttribute), true))
            return convert;
        var wrap = property.PropertyType.GetConstructor([property.PropertyType.GetGenericArguments()[0]])!;
        return value => wrap.Invoke([convert(value)]);
    }

    /// <summary>An attribute of a record's positional parameter counts as its property's.</summary>
    private static ICustomAttributeProvider Attributes(PropertyInfo property, ParameterInfo? parameter) =>
        parameter is not null && parameter.GetCustomAttributes(true).Any(a => a is IDAttribute or IHasScalar or GraphQLNonNullTypeAttribute)
            ? parameter
            : property;

    private static ValueNode? DefaultOf(PropertyInfo property, ParameterInfo? parameter, GraphQLType type)
    {
        var syntax = property.GetCustomAttribute<DefaultValueSyntaxAttribute>() ?? parameter?.GetCustomAttribute<DefaultValueSyntaxAttribute>();
        if (syntax is not null)
            return Parser.ParseValue(syntax.Literal);
        if (property.GetCustomAttribute<DefaultValueAttribute>() is { Value: { } value })
            return Literals.Of(value, type);
        return parameter is { HasDefaultValue: true, DefaultValue: not null } ? Literals.Of(ResolverFactory.EnumValueOf(parameter), type) : null;
    }

    /// <summary>The one with the most parameters; null for a structure's own.</summary>
    private static ConstructorInfo? ConstructorOf(Type type)
    {
        var constructors = type.GetConstructors(BindingFlags.Public | BindingFlags.Instance);
        return constructors.Where(c => !(c.GetParameters() is [{ } only] && only.ParameterType == type)).MaxBy(c => c.GetParameters().Length);
    }
}
