using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types.Introspection;

/// <summary>The schema of schemas. Source: GraphQL, September 2025, section 4.2.</summary>
internal static class IntrospectionTypes
{
    private static readonly GraphQLType Text = StringType.Instance;
    private static readonly GraphQLType RequiredText = new NonNullType(StringType.Instance);
    private static readonly GraphQLType RequiredBoolean = new NonNullType(BooleanType.Instance);

    public static readonly EnumType TypeKindType = new("__TypeKind",
    [
        Kind("SCALAR", TypeKind.Scalar, "A leaf with a text of its own."),
        Kind("OBJECT", TypeKind.Object, "Has `fields` and `interfaces`."),
        Kind("INTERFACE", TypeKind.Interface, "Has `fields`, `interfaces` and `possibleTypes`."),
        Kind("UNION", TypeKind.Union, "Has `possibleTypes`."),
        Kind("ENUM", TypeKind.Enum, "Has `enumValues`."),
        Kind("INPUT_OBJECT", TypeKind.InputObject, "Has `inputFields`."),
        Kind("LIST", TypeKind.List, "A list of `ofType`."),
        Kind("NON_NULL", TypeKind.NonNull, "An `ofType` that is never null."),
    ])
    {
        Description = "The kinds of types.",
    };

    public static readonly EnumType DirectiveLocationType = new(
        "__DirectiveLocation",
        DirectiveLocations.All.Select(l => new EnumValue(l.Name, l.Location) { Description = $"At {l.Name.ToLowerInvariant().Replace('_', ' ')}." }))
    {
        Description = "The places at which a directive may stand.",
    };

    public static readonly ObjectType EnumValueType = new("__EnumValue") { Description = "A value of an enum." };
    public static readonly ObjectType InputValue = new("__InputValue") { Description = "An argument, or a field of an input object." };
    public static readonly ObjectType Field = new("__Field") { Description = "A field of an object or interface." };
    public static readonly ObjectType Directive = new("__Directive") { Description = "A directive that the server knows." };
    public static readonly ObjectType Type = new("__Type") { Description = "A type; which of its fields are not null depends on `kind`." };
    public static readonly ObjectType Schema = new("__Schema") { Description = "The types and directives of the server, and where its operations begin." };

    /// <summary><c>__typename</c>, a field of every composite type.</summary>
    public static readonly OutputField TypeNameField = new("__typename", RequiredText) { Description = "The name of the object's type." };

    /// <summary><c>__schema</c>, a field of the query type.</summary>
    public static readonly OutputField SchemaField = new("__schema", new NonNullType(Schema))
    {
        Description = "The schema of the server.",
        Resolver = static context => new(context.Schema),
        Weight = 0,
    };

    /// <summary><c>__type</c>, a field of the query type.</summary>
    public static readonly OutputField TypeField = new("__type", Type)
    {
        Description = "A type by its name.",
        Arguments = new([new("name", RequiredText, null)]),
        Resolver = static context => new(context.Schema.FindType(context.ArgumentValue<string>("name"))),
        Weight = 0,
    };

    static IntrospectionTypes()
    {
        Schema.Fields = new(
        [
            Of<Schema>("description", Text, s => s.Description),
            Of<Schema>("types", ListOf(Type), s => s.Types),
            Of<Schema>("queryType", new NonNullType(Type), s => s.QueryType),
            Of<Schema>("mutationType", Type, s => s.MutationType),
            Of<Schema>("subscriptionType", Type, s => s.SubscriptionType),
            Of<Schema>("directives", ListOf(Directive), s => s.Directives),
        ]);
        Directive.Fields = new(
        [
            Of<DirectiveType>("name", RequiredText, d => d.Name),
            Of<DirectiveType>("description", Text, d => d.Description),
            Of<DirectiveType>("isRepeatable", RequiredBoolean, d => d.IsRepeatable),
            Of<DirectiveType>("locations", ListOf(DirectiveLocationType), d => LocationsOf(d.Locations)),
            Filtered<DirectiveType>("args", ListOf(InputValue), (d, all) => Inputs(d.Arguments, all)),
        ]);
        Type.Fields = new(
        [
            Of<GraphQLType>("kind", new NonNullType(TypeKindType), t => t.Kind),
            Of<GraphQLType>("name", Text, t => (t as NamedType)?.Name),
            Of<GraphQLType>("description", Text, t => (t as NamedType)?.Description),
            Of<GraphQLType>("specifiedByURL", Text, t => (t as ScalarType)?.SpecifiedBy),
            Filtered<GraphQLType>("fields", Items(Field), (t, all) => (t as ComplexType)?.Fields.Where(f => all || f.DeprecationReason is null)),
            Of<GraphQLType>("interfaces", Items(Type), t => (t as ComplexType)?.Interfaces),
            WithSchema("possibleTypes", Items(Type), (t, schema) => t switch
            {
                UnionType union => union.Types, // as they are printed
                { IsAbstract: true } => schema.Types.Where(o => o is ObjectType p && schema.PossibleTypes((NamedType)t).Contains(p)),
                _ => null,
            }),
            Filtered<GraphQLType>("enumValues", Items(EnumValueType), (t, all) => (t as EnumType)?.Values.Where(v => all || v.DeprecationReason is null)),
            Filtered<GraphQLType>("inputFields", Items(InputValue), (t, all) => t is InputObjectType i ? Inputs(i.Fields, all) : null),
            Of<GraphQLType>("ofType", Type, t => t switch { ListType l => l.OfType, NonNullType n => n.OfType, _ => null }),
            Of<GraphQLType>("isOneOf", BooleanType.Instance, t => (t as InputObjectType)?.IsOneOf),
        ]);
        Field.Fields = new(
        [
            Of<OutputField>("name", RequiredText, f => f.Name),
            Of<OutputField>("description", Text, f => f.Description),
            Filtered<OutputField>("args", ListOf(InputValue), (f, all) => Inputs(f.Arguments, all)),
            Of<OutputField>("type", new NonNullType(Type), f => f.Type),
            Of<OutputField>("isDeprecated", RequiredBoolean, f => f.DeprecationReason is not null),
            Of<OutputField>("deprecationReason", Text, f => f.DeprecationReason),
        ]);
        InputValue.Fields = new(
        [
            Of<InputField>("name", RequiredText, f => f.Name),
            Of<InputField>("description", Text, f => f.Description),
            Of<InputField>("type", new NonNullType(Type), f => f.Type),
            Of<InputField>("defaultValue", Text, f => f.DefaultValue?.ToString()),
            Of<InputField>("isDeprecated", RequiredBoolean, f => f.DeprecationReason is not null),
            Of<InputField>("deprecationReason", Text, f => f.DeprecationReason),
        ]);
        EnumValueType.Fields = new(
        [
            Of<EnumValue>("name", RequiredText, v => v.Name),
            Of<EnumValue>("description", Text, v => v.Description),
            Of<EnumValue>("isDeprecated", RequiredBoolean, v => v.DeprecationReason is not null),
            Of<EnumValue>("deprecationReason", Text, v => v.DeprecationReason),
        ]);
    }

    public static bool IsIntrospection(NamedType type) =>
        type == Schema || type == Type || type == Field || type == InputValue || type == EnumValueType || type == Directive
        || type == TypeKindType || type == DirectiveLocationType;

    private static EnumValue Kind(string name, TypeKind kind, string description) => new(name, kind) { Description = description };

    private static ListType Items(GraphQLType type) => new(new NonNullType(type));

    private static NonNullType ListOf(GraphQLType type) => new(Items(type));

    private static OutputField Of<T>(string name, GraphQLType type, Func<T, object?> value) =>
        new(name, type) { Property = source => value((T)source), Weight = 0 };

    private static OutputField Filtered<T>(string name, GraphQLType type, Func<T, bool, object?> value) => new(name, type)
    {
        Arguments = new([new("includeDeprecated", RequiredBoolean, new BooleanValueNode(0, false))]),
        Resolver = context => new(value(context.Parent<T>(), context.ArgumentValue<bool>("includeDeprecated"))),
        Weight = 0,
    };

    private static OutputField WithSchema(string name, GraphQLType type, Func<GraphQLType, Schema, object?> value) => new(name, type)
    {
        Resolver = context => new(value(context.Parent<GraphQLType>(), context.Schema)),
        Weight = 0,
    };

    private static IEnumerable<InputField> Inputs(NamedList<InputField> fields, bool all) => fields.Where(f => all || f.DeprecationReason is null);

    private static IEnumerable<object> LocationsOf(DirectiveLocation locations) =>
        DirectiveLocations.All.Where(l => locations.HasFlag(l.Location)).Select(l => (object)l.Location);
}
