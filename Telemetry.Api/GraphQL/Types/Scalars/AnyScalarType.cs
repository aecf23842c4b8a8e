using System.Text.Json;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>A scalar of which only the name is known: takes any JSON, as <see cref="JsonType"/>.</summary>
internal sealed class AnyScalarType(string name) : ScalarType(name)
{
    public override object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        JsonType.Instance.ParseLiteral(literal, variables);

    public override object? ParseValue(JsonElement json) => JsonType.Instance.ParseValue(json);

    public override object Serialize(object value) => JsonType.Instance.Serialize(value);
}
