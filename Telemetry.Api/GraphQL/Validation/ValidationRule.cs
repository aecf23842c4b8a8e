using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Validation;

/// <summary>One rule, made anew for each document.</summary>
/// <param name="name">As graphql-js has it, without «Rule».</param>
/// <param name="kinds">The nodes it is shown.</param>
internal abstract class ValidationRule(string name, params SyntaxKind[] kinds)
{
    public string Name { get; } = name;

    public IReadOnlyList<SyntaxKind> Kinds { get; } = kinds;

    public virtual void Enter(SyntaxNode node, ValidationContext context)
    {
    }

    public virtual void Leave(SyntaxNode node, ValidationContext context)
    {
    }
}
