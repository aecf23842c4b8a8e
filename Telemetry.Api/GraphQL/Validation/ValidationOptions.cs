using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Validation;

/// <summary>What validation bounds beside the rules of the specification.</summary>
internal sealed record ValidationOptions
{
    public static readonly ValidationOptions Default = new();

    /// <summary>Errors after which validation ends. Default 5: five thousand mistakes do not make a big answer.</summary>
    public int MaxAllowedErrors { get; init; } = 5;

    /// <summary>Nesting of fields, through fragments, introspection apart. Default 20.</summary>
    public int MaxExecutionDepth { get; init; } = 20;

    /// <summary>Lists within one another in introspection, as in graphql-js. Default 3.</summary>
    public int MaxIntrospectionDepth { get; init; } = 3;

    /// <summary>Whether <c>__schema</c> and <c>__type</c> may be asked for.</summary>
    public bool AllowIntrospection { get; init; } = true;

    /// <summary>Steps that <see cref="Rules.OverlappingFieldsCanBeMerged"/> takes before it refuses the document. Default 100 000.</summary>
    public int MaxMergeSteps { get; init; } = 100_000;

    /// <summary>Nesting of selections, fields or not, through fragments: bounds every recursion, and so has no «off».</summary>
    public const int MaxStructuralDepth = ParserOptions.HighestDepth;
}
