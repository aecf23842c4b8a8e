using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Validation;

/// <summary>A document breaks a rule.</summary>
/// <param name="Rule">The rule's name, as graphql-js has it.</param>
/// <param name="Message">With the names and values at fault.</param>
/// <param name="Offsets">Where, in the document's text; at least one.</param>
/// <param name="Code">What an error's <c>extensions.code</c> says.</param>
internal sealed record ValidationError(string Rule, string Message, IReadOnlyList<int> Offsets, string Code = ErrorCodes.ValidationFailed);
