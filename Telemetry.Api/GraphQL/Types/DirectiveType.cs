using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>The definition of a directive.</summary>
internal sealed class DirectiveType(string name, DirectiveLocation locations) : IHasName
{
    public const string DefaultDeprecationReason = "No longer supported";

    public string Name { get; } = name;
    public DirectiveLocation Locations { get; } = locations;
    public string? Description { get; init; }
    public bool IsRepeatable { get; init; }
    public NamedList<InputField> Arguments { get; init; } = NamedList<InputField>.Empty;

    public static readonly DirectiveType Include = new(
        "include", DirectiveLocation.Field | DirectiveLocation.FragmentSpread | DirectiveLocation.InlineFragment)
    {
        Description = "Takes the field or fragment only where the argument is true.",
        Arguments = new([If("Taken where true.")]),
    };

    public static readonly DirectiveType Skip = new(
        "skip", DirectiveLocation.Field | DirectiveLocation.FragmentSpread | DirectiveLocation.InlineFragment)
    {
        Description = "Leaves the field or fragment out where the argument is true.",
        Arguments = new([If("Left out where true.")]),
    };

    public static readonly DirectiveType Deprecated = new(
        "deprecated",
        DirectiveLocation.FieldDefinition | DirectiveLocation.ArgumentDefinition | DirectiveLocation.InputFieldDefinition | DirectiveLocation.EnumValue)
    {
        Description = "Marks what is no longer to be used.",
        Arguments = new([new("reason", new NonNullType(StringType.Instance), new StringValueNode(0, DefaultDeprecationReason, block: false))
        {
            Description = "Why, and what to use instead, in Markdown.",
        }]),
    };

    public static readonly DirectiveType SpecifiedBy = new("specifiedBy", DirectiveLocation.Scalar)
    {
        Description = "Says where a scalar is specified.",
        Arguments = new([new("url", new NonNullType(StringType.Instance), null) { Description = "The specification's address." }]),
    };

    public static readonly DirectiveType OneOf = new("oneOf", DirectiveLocation.InputObject)
    {
        Description = "Exactly one field of the input object is given, and it is not null.",
    };

    /// <summary>The specification's own.</summary>
    public static readonly IReadOnlyList<DirectiveType> Specified = [Include, Skip, Deprecated, SpecifiedBy, OneOf];

    public bool IsSpecified => Specified.Any(d => d.Name == Name);

    private static InputField If(string description) => new("if", new NonNullType(BooleanType.Instance), null) { Description = description };
}
