using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Validation;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>The limits of an endpoint. All are on by default.</summary>
internal sealed class RequestExecutorOptions
{
    /// <summary>Tokens, fields, directives and depth of a document's text.</summary>
    public ParserOptions Parser { get; set; } = new();

    /// <summary>Depth of fields, depth of introspection, errors told.</summary>
    public ValidationOptions Validation { get; set; } = new();

    /// <summary>How long an operation, or one event of a subscription, may take. Default 30 s.</summary>
    public TimeSpan ExecutionTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>What an operation may cost, reckoned before it is carried out. Default 10 000.</summary>
    public double MaxCost { get; set; } = 10_000;

    /// <summary>Items of a list whose field does not say how many it has. Default 10.</summary>
    public double DefaultListSize { get; set; } = 10;

    /// <summary>Documents kept parsed and judged. Default 512.</summary>
    public int DocumentCacheSize { get; set; } = 512;

    /// <summary>Automatically persisted operations kept. Default 1 024.</summary>
    public int PersistedOperationsSize { get; set; } = 1_024;

    /// <summary>UTF-16 code units of a document that is kept; a longer one is carried out and forgotten. Default 65 536.</summary>
    public int MaxCachedDocumentLength { get; set; } = 65_536;

    /// <summary>Errors of an execution that are told. Default 100.</summary>
    public int MaxExecutionErrors { get; set; } = 100;

    /// <summary>Whether results say what they cost. Default true.</summary>
    public bool ReportCost { get; set; } = true;

    public DataLoaderOptions DataLoader { get; set; } = new();
}
