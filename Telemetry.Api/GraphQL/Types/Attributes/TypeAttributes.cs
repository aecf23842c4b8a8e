namespace Telemetry.Api.GraphQL.Types;

// The attributes of HotChocolate that the schema uses, under their names, so that its sources compile against either.

/// <summary>Its methods are fields of the query type.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class QueryTypeAttribute : Attribute;

/// <summary>Its methods are fields of the mutation type.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class MutationTypeAttribute : Attribute;

/// <summary>Its methods are fields of the subscription type.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SubscriptionTypeAttribute : Attribute;

/// <summary>The class is an object: needed only for one that no field names, such as a union's.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class ObjectTypeAttribute : Attribute;

/// <summary>Its methods are fields of another class's object type, and hide properties of the same name.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ObjectTypeAttribute<T> : Attribute, IExtendsType
{
    public Type Extended => typeof(T);

    public string[] IgnoreProperties { get; set; } = [];
}

/// <summary>As <see cref="ObjectTypeAttribute{T}"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ExtendObjectTypeAttribute<T> : Attribute, IExtendsType
{
    public Type Extended => typeof(T);

    public string[] IgnoreProperties { get; set; } = [];
}

/// <summary>An attribute that adds fields to a class's object type.</summary>
internal interface IExtendsType
{
    Type Extended { get; }

    /// <summary>Properties of the class that are no fields.</summary>
    string[] IgnoreProperties { get; }
}

/// <summary>An interface, or an abstract class, is an interface of the schema.</summary>
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Class)]
internal sealed class InterfaceTypeAttribute(string? name = null) : Attribute
{
    public string? Name { get; } = name;
}

/// <summary>A marker interface, or an abstract class, is a union of the objects that implement it.</summary>
[AttributeUsage(AttributeTargets.Interface | AttributeTargets.Class)]
internal sealed class UnionTypeAttribute(string? name = null) : Attribute
{
    public string? Name { get; } = name;
}

/// <summary>Exactly one property of the input is given, and it is not null.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class OneOfAttribute : Attribute;

/// <summary>The object has a global id, and <c>node(id:)</c> finds it by its <see cref="NodeResolverAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NodeAttribute : Attribute
{
    /// <summary>The property that is the key within the type.</summary>
    public string IdField { get; set; } = "Id";

    /// <summary>The class of the resolver, where it is not the class itself or one that extends it.</summary>
    public Type? NodeResolverType { get; set; }
}

/// <summary>A static method that finds an object by its key, its first parameter.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeResolverAttribute : Attribute;
