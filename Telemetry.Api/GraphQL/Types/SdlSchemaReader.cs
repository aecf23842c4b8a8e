using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>Makes a schema from SDL: its fields are resolved from dictionaries and properties, or by the functions given.</summary>
/// <remarks>Only definitions, no <c>extend</c>. Scalars of unknown names take any JSON.</remarks>
internal sealed class SdlSchemaReader
{
    private static readonly Dictionary<string, ScalarType> KnownScalars = new ScalarType[]
    {
        IntType.Instance, FloatType.Instance, StringType.Instance, BooleanType.Instance, IdType.Instance,
        LongType.Instance, DateTimeType.Instance, DurationType.Instance, HashType.Instance, JsonType.Instance,
    }.ToDictionary(s => s.Name);

    private readonly Dictionary<string, NamedType> _types = new(StringComparer.Ordinal);
    private readonly Action<string, OutputField> _configure;
    private readonly DocumentNode _document;

    private SdlSchemaReader(DocumentNode document, Action<string, OutputField> configure)
    {
        _document = document;
        _configure = configure;
    }

    /// <param name="sdl">The schema's text.</param>
    /// <param name="configure">Called with each type's name and field: sets its resolver.</param>
    /// <exception cref="SyntaxException">The text does not follow the grammar.</exception>
    /// <exception cref="SchemaException">The schema breaks a rule, or names a type that is not defined.</exception>
    public static Schema Read(string sdl, Action<string, OutputField>? configure = null) =>
        new SdlSchemaReader(Parser.ParseDocument(sdl, ParserOptions.Trusted), configure ?? ((_, _) => { })).Read();

    private Schema Read()
    {
        var definitions = _document.Definitions.OfType<TypeDefinitionNode>().ToList();
        if (_document.Definitions.FirstOrDefault(d => d is TypeSystemNode { IsExtension: true } or not TypeSystemNode) is { } other)
            throw new SchemaException([$"A {other.Kind} at {_document.LocationOf(other.Start)} is no definition of a schema."]);
        foreach (var definition in definitions)
        {
            if (!_types.TryAdd(definition.Name, Create(definition)))
                throw new SchemaException([$"Two types are named {definition.Name}."]);
        }

        foreach (var definition in definitions)
            Complete(definition);
        var schema = _document.Definitions.OfType<SchemaDefinitionNode>().FirstOrDefault();
        return Schema.Create(new(Root(schema, OperationType.Query, "Query") ?? throw new SchemaException(["There is no query type."]))
        {
            Mutation = Root(schema, OperationType.Mutation, "Mutation"),
            Subscription = Root(schema, OperationType.Subscription, "Subscription"),
            Description = schema?.Description?.Value,
            Types = [.. _types.Values],
            Directives = [.. _document.Definitions.OfType<DirectiveDefinitionNode>().Select(Directive)],
        });
    }

    private ObjectType? Root(SchemaDefinitionNode? schema, OperationType operation, string conventional)
    {
        var name = schema is null
            ? (_types.ContainsKey(conventional) ? conventional : null)
            : schema.OperationTypes.FirstOrDefault(t => t.Operation == operation)?.Type.Name.Value;
        return name is null ? null : Find(name) as ObjectType ?? throw new SchemaException([$"The root type {name} is no object."]);
    }

    private static NamedType Create(TypeDefinitionNode node) => node switch
    {
        ScalarTypeDefinitionNode when KnownScalars.TryGetValue(node.Name, out var known) => known,
        ScalarTypeDefinitionNode => new AnyScalarType(node.Name)
        {
            Description = node.Description?.Value,
            SpecifiedBy = StringArgument(node, "specifiedBy", "url"),
        },
        ComplexTypeDefinitionNode { Kind: SyntaxKind.ObjectTypeDefinition } => new ObjectType(node.Name)
        {
            Description = node.Description?.Value,
            IsTypeOf = value => value is IReadOnlyDictionary<string, object?> d && d.TryGetValue("__typename", out var name) && node.Name.Value.Equals(name),
        },
        ComplexTypeDefinitionNode => new InterfaceType(node.Name) { Description = node.Description?.Value },
        UnionTypeDefinitionNode => new UnionType(node.Name) { Description = node.Description?.Value },
        EnumTypeDefinitionNode e => new EnumType(e.Name, e.Values.Select(v => new EnumValue(v.Name, v.Name.Value)
        {
            Description = v.Description?.Value,
            DeprecationReason = Deprecation(v),
        }))
        {
            Description = node.Description?.Value,
        },
        InputObjectTypeDefinitionNode => new InputObjectType(node.Name)
        {
            Description = node.Description?.Value,
            IsOneOf = node.Directives.Any(d => d.Name == "oneOf"),
        },
        _ => throw new SchemaException([$"{node.Name} is no type."]),
    };

    private void Complete(TypeDefinitionNode node)
    {
        switch (_types[node.Name], node)
        {
            case (ComplexType type, ComplexTypeDefinitionNode n):
                type.Interfaces = [.. n.Interfaces.Select(i => Find(i.Name) as InterfaceType ?? throw new SchemaException([$"{i} is no interface."]))];
                type.Fields = new(n.Fields.Select(f => Field(type.Name, f)));
                break;
            case (UnionType type, UnionTypeDefinitionNode n):
                type.Types = [.. n.Types.Select(t => Find(t.Name) as ObjectType ?? throw new SchemaException([$"{t} is no object, and {type} a union of objects."]))];
                break;
            case (InputObjectType type, InputObjectTypeDefinitionNode n):
                type.Fields = new(n.Fields.Select(InputField));
                break;
        }
    }

    private OutputField Field(string type, FieldDefinitionNode node)
    {
        var field = new OutputField(node.Name, Resolve(node.Type))
        {
            Description = node.Description?.Value,
            DeprecationReason = Deprecation(node),
            Arguments = new(node.Arguments.Select(InputField)),
            SyntaxNode = node,
        };
        _configure(type, field);
        return field;
    }

    private InputField InputField(InputValueDefinitionNode node) => new(node.Name, Resolve(node.Type), node.DefaultValue)
    {
        Description = node.Description?.Value,
        DeprecationReason = Deprecation(node),
        SyntaxNode = node,
    };

    private DirectiveType Directive(DirectiveDefinitionNode node) =>
        new(node.Name, node.Locations.Aggregate(DirectiveLocation.None, (all, l) => all | DirectiveLocations.Parse(l)))
        {
            Description = node.Description?.Value,
            IsRepeatable = node.IsRepeatable,
            Arguments = new(node.Arguments.Select(InputField)),
        };

    private NamedType Find(string name) =>
        _types.GetValueOrDefault(name) ?? KnownScalars.GetValueOrDefault(name) ?? throw new SchemaException([$"The type {name} is not defined."]);

    private GraphQLType Resolve(TypeNode node) => TypeReferences.Resolve(node, Find)!;

    private static string? Deprecation(TypeSystemNode node) => node.Directives.Any(d => d.Name == "deprecated")
        ? StringArgument(node, "deprecated", "reason") ?? DirectiveType.DefaultDeprecationReason
        : null;

    private static string? StringArgument(TypeSystemNode node, string directive, string argument) =>
        node.Directives.FirstOrDefault(d => d.Name == directive)?.Arguments.FirstOrDefault(a => a.Name == argument)?.Value is StringValueNode s ? s.Value : null;
}
