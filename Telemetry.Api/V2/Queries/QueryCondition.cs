using Telemetry.Api.V2.Calls;
using Telemetry.Domain;

namespace Telemetry.Api.V2.Queries;

/// <summary>One condition of a <c>q</c> argument, as sent.</summary>
/// <param name="Op">Never empty: <c>eq</c> unless given.</param>
/// <param name="Value">Null where none was given: nothing equals it.</param>
/// <param name="Type">Null where none was given.</param>
internal sealed record QueryCondition(string Field, string Op, string? Value, string? Type)
{
    /// <summary>The conditions of a call.</summary>
    /// <exception cref="ApiException">400: one has no field.</exception>
    public static IReadOnlyList<QueryCondition> Of(Arguments arguments) => [.. arguments.Groups(Argument.Query).Select(group => new QueryCondition(
        group[0] ?? throw ApiException.MandatoryFieldMissing("field"), group[1] is { Length: > 0 } op ? op : "eq", group[2], group[3]))];

    /// <summary>As Ceilometer's error texts show it.</summary>
    public override string ToString() =>
        $"<Query {PythonText.Quote(Field)} {Op} {(Value is null ? "Unset" : PythonText.Quote(Value))} {Type ?? "Unset"}>";
}
