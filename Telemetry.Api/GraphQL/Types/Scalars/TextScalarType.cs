using System.Text.Json;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>A scalar written as a string.</summary>
internal abstract class TextScalarType(string name) : ScalarType(name)
{
    /// <summary>Null where the text is none of its values.</summary>
    protected abstract object? Parse(string text);

    /// <summary>Null where it cannot represent the value.</summary>
    protected abstract string? Format(object value);

    public sealed override object ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables) =>
        (literal is StringValueNode s ? Parse(s.Value) : null) ?? throw CannotParse(literal);

    public sealed override object ParseValue(JsonElement json) =>
        (json.ValueKind == JsonValueKind.String ? Parse(json.GetString()!) : null) ?? throw CannotParse(json.GetRawText());

    public sealed override object Serialize(object value) => Format(value) ?? throw CannotSerialize(value);
}
