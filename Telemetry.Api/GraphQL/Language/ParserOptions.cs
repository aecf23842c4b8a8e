namespace Telemetry.Api.GraphQL.Language;

/// <summary>How much of a document the parser reads before it refuses it.</summary>
/// <remarks>A stack overflow ends the process and cannot be caught; that is why <see cref="MaxAllowedDepth"/> has no «off».</remarks>
internal sealed record ParserOptions
{
    public static readonly ParserOptions Default = new();

    /// <summary>Nesting of selection sets, values and types, each for itself; at most <see cref="HighestDepth"/>. Default 200.</summary>
    public int MaxAllowedDepth
    {
        get;
        init => field = value is >= 1 and <= HighestDepth
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"A depth is 1 to {HighestDepth}.");
    } = 200;

    /// <summary>Tokens of a document, without its end. Default 16 000.</summary>
    public int MaxAllowedTokens { get; init; } = 16_000;

    /// <summary>Fields written in a document, before fragments are spread. Default 2 048.</summary>
    public int MaxAllowedFields { get; init; } = 2_048;

    /// <summary>Directives at one location. Default 4.</summary>
    public int MaxAllowedDirectives { get; init; } = 4;

    /// <summary>What a stack of 1 MB carries with room to spare.</summary>
    public const int HighestDepth = 500;

    /// <summary>For texts of our own, such as a schema file: no limit but the depth's.</summary>
    public static readonly ParserOptions Trusted = new()
    {
        MaxAllowedTokens = int.MaxValue,
        MaxAllowedFields = int.MaxValue,
        MaxAllowedDirectives = int.MaxValue,
    };
}
