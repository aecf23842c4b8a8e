using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation.Rules;

/// <summary>A literal fits its type. (5.6.1, 5.6.2, 5.6.4)</summary>
internal sealed class ValuesOfCorrectType() : ValidationRule(
    "ValuesOfCorrectType", SyntaxKind.ListValue, SyntaxKind.ObjectValue, SyntaxKind.ObjectField, SyntaxKind.NullValue, SyntaxKind.EnumValue,
    SyntaxKind.IntValue, SyntaxKind.FloatValue, SyntaxKind.StringValue, SyntaxKind.BooleanValue)
{
    /// <summary>A list or object that is a scalar's as a whole: its parts are not looked at.</summary>
    private SyntaxNode? _whole;

    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        if (_whole is not null)
            return;
        var type = context.Types.InputType;
        switch (node)
        {
            case ListValueNode list when context.Types.ParentInputType?.Nullable() is not ListType:
                _whole = list;
                CheckLeaf(list, context.Types.ParentInputType, context);
                break;
            case ObjectValueNode value when type?.Named is InputObjectType input:
                CheckObject(value, input, context);
                break;
            case ObjectValueNode value:
                _whole = value;
                CheckLeaf(value, type, context);
                break;
            case ObjectFieldNode field:
                if (type is null && context.Types.ParentInputType?.Named is InputObjectType parent)
                    context.Report(Name, $"{parent} has no field \"{field.Name}\".", field.Start);
                break;
            case NullValueNode:
                if (type is NonNullType)
                    context.Report(Name, $"A value of type {type} is never null.", node.Start);
                break;
            case ValueNode value and not ListValueNode:
                CheckLeaf(value, type, context);
                break;
        }
    }

    public override void Leave(SyntaxNode node, ValidationContext context)
    {
        if (ReferenceEquals(node, _whole))
            _whole = null;
    }

    private void CheckObject(ObjectValueNode value, InputObjectType type, ValidationContext context)
    {
        foreach (var field in type.Fields)
        {
            if (field.IsRequired && !value.Fields.Any(f => f.Name.Value == field.Name))
                context.Report(Name, $"{type} needs the field \"{field.Name}\" of type {field.Type}.", value.Start);
        }

        if (type.IsOneOf && (value.Fields.Select(f => f.Name.Value).Distinct().Count() != 1 || value.Fields[^1].Value is NullValueNode))
            context.Report(Name, $"{type} takes exactly one field, and that not null.", value.Start);
    }

    private void CheckLeaf(ValueNode value, GraphQLType? type, ValidationContext context)
    {
        switch (type?.Named)
        {
            case null:
                break;
            case EnumType e:
                if (value is not EnumValueNode name || e.Values.Find(name.Value) is null)
                    context.Report(Name, $"Enum {e} has no value {Shorten(value)}.", value.Start);
                break;
            case ScalarType scalar:
                try
                {
                    scalar.ParseLiteral(value, null);
                }
                catch (LeafCoercionException e)
                {
                    context.Report(Name, $"A value of type {type} is expected. {e.Message}", value.Start);
                }

                break;
            default:
                context.Report(Name, $"A value of type {type} is expected, not {Shorten(value)}.", value.Start);
                break;
        }
    }

    private static string Shorten(ValueNode value) => value.ToString() is var text && text.Length > 100 ? text[..100] + "…" : text;
}

/// <summary>A field of an input object is given once. (5.6.3)</summary>
internal sealed class UniqueInputFieldNames() : ValidationRule("UniqueInputFieldNames", SyntaxKind.ObjectValue)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var fields = ((ObjectValueNode)node).Fields;
        if (fields.Count < 2)
            return;
        var known = new Dictionary<string, NameNode>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            if (!known.TryAdd(field.Name, field.Name))
                context.Report(Name, $"The field \"{field.Name}\" is given twice.", known[field.Name].Start, field.Name.Start);
        }
    }
}
