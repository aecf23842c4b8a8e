namespace Telemetry.Api.GraphQL.Language;

/// <summary>A node of the syntax tree: immutable, and knows where it begins.</summary>
/// <param name="kind">What it is, for a <c>switch</c> without type tests.</param>
/// <param name="start">Offset of its first token in the document's text.</param>
internal abstract class SyntaxNode(SyntaxKind kind, int start)
{
    public SyntaxKind Kind { get; } = kind;

    public int Start { get; } = start;

    /// <summary>The node as GraphQL.</summary>
    public override string ToString() => SyntaxPrinter.Print(this);
}

/// <summary>A name and where it stands: rules report names, not the nodes that bear them.</summary>
internal readonly record struct NameNode(string Value, int Start)
{
    public override string ToString() => Value;

    public static implicit operator string(NameNode name) => name.Value;
}

/// <summary>A whole text: operations and fragments, or a schema.</summary>
internal sealed class DocumentNode(string source, IReadOnlyList<SyntaxNode> definitions) : SyntaxNode(SyntaxKind.Document, 0)
{
    public string Source { get; } = source;

    public IReadOnlyList<SyntaxNode> Definitions { get; } = definitions;

    public Location LocationOf(int offset) => Location.Of(Source, offset);
}
