namespace Telemetry.Api.GraphQL.Language;

/// <summary>A document that does not follow the grammar, or that is larger or deeper than the parser was told to read.</summary>
internal sealed class SyntaxException(string message, string source, int offset, string code = SyntaxException.SyntaxErrorCode) : Exception(message)
{
    public const string SyntaxErrorCode = "GRAPHQL_PARSE_FAILED";

    /// <summary>The document is well formed as far as it was read, and too large.</summary>
    public const string LimitCode = "DOCUMENT_TOO_LARGE";

    public Location Location { get; } = Location.Of(source, offset);

    /// <summary>What an error's <c>extensions.code</c> says.</summary>
    public string Code { get; } = code;
}
