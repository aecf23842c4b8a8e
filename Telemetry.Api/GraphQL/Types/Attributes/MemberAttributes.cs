namespace Telemetry.Api.GraphQL.Types;

/// <summary>The name in the schema, instead of the one that follows from the code.</summary>
[AttributeUsage(AttributeTargets.All)]
internal sealed class GraphQLNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>The description in the schema, instead of the XML comment.</summary>
[AttributeUsage(AttributeTargets.All)]
internal sealed class GraphQLDescriptionAttribute(string description) : Attribute
{
    public string Description { get; } = description;
}

/// <summary>Not to be used any more.</summary>
[AttributeUsage(AttributeTargets.All)]
internal sealed class GraphQLDeprecatedAttribute(string reason) : Attribute
{
    public string DeprecationReason { get; } = reason;
}

/// <summary>No part of the schema.</summary>
[AttributeUsage(AttributeTargets.All)]
internal sealed class GraphQLIgnoreAttribute : Attribute;

/// <summary>The scalar of the schema, where the CLR type has another or none.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Method)]
internal sealed class GraphQLTypeAttribute<T> : Attribute, IHasScalar where T : ScalarType
{
    public Type Scalar => typeof(T);
}

internal interface IHasScalar
{
    Type Scalar { get; }
}

/// <summary>Never null, where the code cannot say so.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Method)]
internal sealed class GraphQLNonNullTypeAttribute : Attribute;

/// <summary>The default of an argument or input field, as a literal of GraphQL.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class DefaultValueSyntaxAttribute(string literal) : Attribute
{
    public string Literal { get; } = literal;
}

/// <summary>A global id: of the object's own type in output; of the type named, or of any, in input.</summary>
/// <remarks>Without a type name in input the parameter is given the text as it is, or a <see cref="NodeId"/>.</remarks>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Method)]
internal class IDAttribute(string? typeName = null) : Attribute
{
    public string? TypeName { get; } = typeName;
}

/// <inheritdoc/>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Method)]
internal sealed class IDAttribute<T>() : IDAttribute(typeof(T).Name);

/// <summary>The object that the field is of.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class ParentAttribute : Attribute;

/// <summary>From the request's services. A parameter of a type that is registered needs it not.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class ServiceAttribute : Attribute;

/// <summary>From the request's state, by the name given or the parameter's.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class GlobalStateAttribute(string? key = null) : Attribute
{
    public string? Key { get; } = key;
}

/// <summary>Seen only by callers that a policy lets, or of one of the roles; for others the field is null, with an error.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method | AttributeTargets.Property, AllowMultiple = true)]
internal sealed class AuthorizeAttribute(string? policy = null) : Attribute
{
    public string? Policy { get; } = policy;

    public string[]? Roles { get; set; }
}

/// <summary>A static method that reads many keys at once: <see cref="Execution.IDataLoader{TKey, TValue}"/> of its key and value loads by it.</summary>
/// <remarks>Its first parameter is the keys; others are services and the token. It gives a task of a dictionary.</remarks>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DataLoaderAttribute : Attribute;

/// <summary>Resolving the field costs so much.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property | AttributeTargets.Class)]
internal sealed class CostAttribute(double weight) : Attribute
{
    public double Weight { get; } = weight;
}

/// <summary>The field is a connection: it has the arguments of a page.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UsePagingAttribute : Attribute
{
    /// <summary>Of the connection, without «Connection»; null: the field's name.</summary>
    public string? ConnectionName { get; set; }

    /// <summary>Whether <c>last</c> and <c>before</c> are offered too.</summary>
    public bool AllowBackwardPagination { get; set; } = true;

    /// <summary>Whether the connection says how many there are in all.</summary>
    public bool IncludeTotalCount { get; set; }

    public int DefaultPageSize { get; set; } = 50;

    public int MaxPageSize { get; set; } = 1_000;
}

/// <summary>A mutation's method may throw the exception, and the payload then holds an error made of it.</summary>
/// <typeparam name="T">The exception; or an error's class, with a constructor or static <c>CreateErrorFrom</c> that takes one.</typeparam>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ErrorAttribute<T> : Attribute, IMayFail
{
    public Type ErrorType => typeof(T);
}

internal interface IMayFail
{
    Type ErrorType { get; }
}

/// <summary>The field of a subscription: called for each event.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SubscribeAttribute : Attribute
{
    /// <summary>The method that gives the events, as an async enumerable or a source stream; null: the field's topic.</summary>
    public string? With { get; set; }
}

/// <summary>The topic of a subscription; <c>{argument}</c> stands for the argument's value. Without it the topic is the field's name.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TopicAttribute(string? name = null) : Attribute
{
    public string? Name { get; } = name;
}

/// <summary>The event of a subscription.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class EventMessageAttribute : Attribute;
