using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation.Rules;

/// <summary>Every argument is defined by its field or directive. (5.4.1)</summary>
internal sealed class KnownArgumentNames() : ValidationRule("KnownArgumentNames", SyntaxKind.Argument)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var argument = (ArgumentNode)node;
        if (context.Types.Argument is not null)
            return;
        if (context.Types.Directive is { } directive)
            context.Report(Name, $"\"@{directive.Name}\" has no argument \"{argument.Name}\".", argument.Start);
        else if (context.Types is { IsInDirective: false, Field: { } field, ParentType: { } type })
            context.Report(Name, $"{type}.{field.Name} has no argument \"{argument.Name}\".", argument.Start);
    }
}

/// <summary>An argument is given once. (5.4.2)</summary>
internal sealed class UniqueArgumentNames() : ValidationRule("UniqueArgumentNames", SyntaxKind.Field, SyntaxKind.Directive)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var arguments = node is FieldNode field ? field.Arguments : ((DirectiveNode)node).Arguments;
        if (arguments.Count < 2)
            return;
        foreach (var group in arguments.Select(a => a.Name).GroupBy(n => n.Value).Where(g => g.Count() > 1))
            context.Report(Name, $"The argument \"{group.Key}\" is given several times.", [.. group.Select(n => n.Start)]);
    }
}

/// <summary>Every required argument is given. (5.4.3)</summary>
internal sealed class ProvidedRequiredArguments() : ValidationRule("ProvidedRequiredArguments", SyntaxKind.Field, SyntaxKind.Directive)
{
    public override void Leave(SyntaxNode node, ValidationContext context)
    {
        if (node is FieldNode field)
            Check(context.Types.Field?.Arguments, field.Arguments, node, $"\"{field.Name}\"", context);
        else if (node is DirectiveNode directive)
            Check(context.Types.Directive?.Arguments, directive.Arguments, node, $"\"@{directive.Name}\"", context);
    }

    private void Check(NamedList<InputField>? definitions, IReadOnlyList<ArgumentNode> given, SyntaxNode node, string owner, ValidationContext context)
    {
        for (var i = 0; i < definitions?.Count; i++)
        {
            var definition = definitions[i];
            if (definition.IsRequired && !given.Any(a => a.Name.Value == definition.Name))
                context.Report(Name, $"{owner} needs the argument \"{definition.Name}\" of type {definition.Type}.", node.Start);
        }
    }
}
