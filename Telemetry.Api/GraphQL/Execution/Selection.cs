using System.Text.Json;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

internal sealed class Selection : ISelection
{
    public Selection(int id, OutputField field, List<FieldNode> nodes)
    {
        Id = id;
        Field = field;
        Nodes = nodes;
        ResponseName = nodes[0].ResponseName;
        EncodedName = JsonEncodedText.Encode(ResponseName);
        HasVariables = nodes[0].Arguments.Any(a => UsesVariables(a.Value));
        Children = field.Type.Named.IsComposite
            ? new SelectionGroup([.. nodes.Where(n => n.SelectionSet is not null).Select(n => n.SelectionSet!)])
            : null;
    }

    /// <summary>Counts the selections of an operation from 0.</summary>
    public int Id { get; }

    public string ResponseName { get; }

    public JsonEncodedText EncodedName { get; }

    public OutputField Field { get; }

    /// <summary>Every place that selects it; they agree but for what they select below.</summary>
    public IReadOnlyList<FieldNode> Nodes { get; }

    /// <summary>What is selected below; null for a leaf.</summary>
    public SelectionGroup? Children { get; }

    /// <summary>Whether the arguments differ from request to request.</summary>
    public bool HasVariables { get; }

    /// <summary>The arguments of a selection without variables, coerced at the first need.</summary>
    public object?[]? ConstantArguments { get; set; }

    private static bool UsesVariables(ValueNode value) => value switch
    {
        VariableNode => true,
        ListValueNode l => l.Items.Any(UsesVariables),
        ObjectValueNode o => o.Fields.Any(f => UsesVariables(f.Value)),
        _ => false,
    };
}

/// <summary>Selection sets that apply to one object, and what they come to for each type of it.</summary>
internal sealed class SelectionGroup(IReadOnlyList<SelectionSetNode> sets)
{
    private volatile KeyValuePair<ObjectType, Selection[]>[] _byType = [];

    public IReadOnlyList<SelectionSetNode> Sets { get; } = sets;

    public Selection[]? Find(ObjectType type)
    {
        foreach (var (key, selections) in _byType)
        {
            if (ReferenceEquals(key, type))
                return selections;
        }

        return null;
    }

    /// <summary>A second thread's equal answer may be lost: it is made again.</summary>
    public void Add(ObjectType type, Selection[] selections) => _byType = [.. _byType, new(type, selections)];
}
