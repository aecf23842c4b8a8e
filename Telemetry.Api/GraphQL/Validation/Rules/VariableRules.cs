using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation.Rules;

/// <summary>A variable is of an input type. (5.8.2)</summary>
internal sealed class VariablesAreInputTypes() : ValidationRule("VariablesAreInputTypes", SyntaxKind.VariableDefinition)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var definition = (VariableDefinitionNode)node;
        if (TypeReferences.Resolve(context.Schema, definition.Type) is { IsInput: false } type)
            context.Report(Name, $"\"${definition.Variable.Name}\" cannot be of {type}, which is for output only.", definition.Type.Start);
    }
}

/// <summary>No two variables of an operation have one name. (5.8.1)</summary>
internal sealed class UniqueVariableNames() : ValidationRule("UniqueVariableNames", SyntaxKind.OperationDefinition)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var definitions = ((OperationDefinitionNode)node).VariableDefinitions;
        if (definitions.Count < 2)
            return;
        foreach (var group in definitions.Select(d => d.Variable.Name).GroupBy(n => n.Value).Where(g => g.Count() > 1))
            context.Report(Name, $"There are several variables named \"${group.Key}\".", [.. group.Select(n => n.Start)]);
    }
}

/// <summary>Every variable that is used is defined. (5.8.3)</summary>
internal sealed class NoUndefinedVariables() : ValidationRule("NoUndefinedVariables", SyntaxKind.OperationDefinition)
{
    public override void Leave(SyntaxNode node, ValidationContext context)
    {
        var operation = (OperationDefinitionNode)node;
        var defined = operation.VariableDefinitions.Select(d => d.Variable.Name.Value).ToHashSet();
        foreach (var usage in context.UsagesOf(operation).Where(u => !defined.Contains(u.Node.Name)))
        {
            var by = operation.Name is { } name ? $" by operation \"{name}\"" : "";
            context.Report(Name, $"The variable \"${usage.Node.Name}\" is not defined{by}.", usage.Node.Start, operation.Start);
        }
    }
}

/// <summary>Every variable that is defined is used. (5.8.4)</summary>
internal sealed class NoUnusedVariables() : ValidationRule("NoUnusedVariables", SyntaxKind.OperationDefinition)
{
    public override void Leave(SyntaxNode node, ValidationContext context)
    {
        var operation = (OperationDefinitionNode)node;
        if (operation.VariableDefinitions.Count == 0)
            return;
        var used = context.UsagesOf(operation).Select(u => u.Node.Name.Value).ToHashSet();
        foreach (var definition in operation.VariableDefinitions.Where(d => !used.Contains(d.Variable.Name)))
            context.Report(Name, $"The variable \"${definition.Variable.Name}\" is not used.", definition.Start);
    }
}

/// <summary>A variable's type fits where it is used. (5.8.5)</summary>
internal sealed class VariablesInAllowedPosition() : ValidationRule("VariablesInAllowedPosition", SyntaxKind.OperationDefinition)
{
    public override void Leave(SyntaxNode node, ValidationContext context)
    {
        var operation = (OperationDefinitionNode)node;
        if (operation.VariableDefinitions.Count == 0)
            return;
        var definitions = new Dictionary<string, VariableDefinitionNode>(StringComparer.Ordinal);
        foreach (var definition in operation.VariableDefinitions)
            definitions[definition.Variable.Name] = definition;
        foreach (var usage in context.UsagesOf(operation))
        {
            if (usage.Type is { } expected && definitions.TryGetValue(usage.Node.Name, out var definition)
                && TypeReferences.Resolve(context.Schema, definition.Type) is { } type)
                Check(usage, expected, definition, type, context);
        }
    }

    private void Check(VariableUsage usage, GraphQLType expected, VariableDefinitionNode definition, GraphQLType type, ValidationContext context)
    {
        if (!IsAllowed(usage, expected, definition, type, context.Schema))
        {
            context.Report(
                Name, $"The variable \"${usage.Node.Name}\" of type {type} stands where {expected} is expected.", definition.Start, usage.Node.Start);
        }

        if (usage.ParentType?.Nullable() is InputObjectType { IsOneOf: true } parent && !type.IsNonNull)
        {
            context.Report(
                Name, $"The variable \"${usage.Node.Name}\" of type {type} may be null, and the one field of {parent} is not.", definition.Start, usage.Node.Start);
        }
    }

    private static bool IsAllowed(VariableUsage usage, GraphQLType expected, VariableDefinitionNode definition, GraphQLType type, Types.Schema schema)
    {
        if (expected is not NonNullType nonNull || type.IsNonNull)
            return schema.IsSubtype(type, expected);
        var hasDefault = definition.DefaultValue is not (null or NullValueNode) || usage.HasDefault;
        return hasDefault && schema.IsSubtype(type, nonNull.OfType);
    }
}
