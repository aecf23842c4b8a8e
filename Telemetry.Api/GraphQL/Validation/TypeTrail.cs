using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation;

/// <summary>The types at the place of a walk, innermost last; null where the document names something unknown.</summary>
internal sealed class TypeTrail
{
    private readonly List<GraphQLType?> _types = [];
    private readonly List<NamedType?> _parents = [];
    private readonly List<OutputField?> _fields = [];
    private readonly List<(GraphQLType? Type, bool HasDefault)> _inputs = [];

    /// <summary>The type of the field or fragment.</summary>
    public GraphQLType? Type => Last(_types);

    /// <summary>The composite type whose fields are selected.</summary>
    public NamedType? ParentType => Last(_parents);

    public OutputField? Field => Last(_fields);

    public DirectiveType? Directive { get; set; }

    /// <summary>Whether arguments are a directive's, known or not.</summary>
    public bool IsInDirective { get; set; }

    public InputField? Argument { get; set; }

    public EnumValue? EnumValue { get; set; }

    /// <summary>The type that a value is to have.</summary>
    public GraphQLType? InputType => _inputs.Count > 0 ? _inputs[^1].Type : null;

    /// <summary>Whether the argument or input field at hand has a default.</summary>
    public bool HasDefault => _inputs.Count > 0 && _inputs[^1].HasDefault;

    /// <summary>The type of the value around the value.</summary>
    public GraphQLType? ParentInputType => _inputs.Count > 1 ? _inputs[^2].Type : null;

    public bool IsInVariableDefinition { get; set; }

    public void PushType(GraphQLType? type) => _types.Add(type);

    public void PopType() => _types.RemoveAt(_types.Count - 1);

    public void PushParent(NamedType? type) => _parents.Add(type);

    public void PopParent() => _parents.RemoveAt(_parents.Count - 1);

    public void PushField(OutputField? field) => _fields.Add(field);

    public void PopField() => _fields.RemoveAt(_fields.Count - 1);

    public void PushInput(GraphQLType? type, bool hasDefault) => _inputs.Add((type, hasDefault));

    public void PopInput() => _inputs.RemoveAt(_inputs.Count - 1);

    private static T? Last<T>(List<T?> list) where T : class => list.Count > 0 ? list[^1] : null;
}
