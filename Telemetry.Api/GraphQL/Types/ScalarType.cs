using System.Text.Json;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>A leaf with a text of its own: how it is read from literals and JSON, and what is written for it.</summary>
internal abstract class ScalarType(string name) : NamedType(name)
{
    public sealed override TypeKind Kind => TypeKind.Scalar;

    /// <summary>Where its text is specified; null for the five of the specification.</summary>
    public string? SpecifiedBy { get; init; }

    /// <summary>A value in a document.</summary>
    /// <param name="literal">Neither null nor a variable; a list or object may hold variables, whose values are in <paramref name="variables"/>.</param>
    /// <param name="variables">Null while a document is validated.</param>
    /// <exception cref="LeafCoercionException">It is no value of this scalar.</exception>
    public abstract object? ParseLiteral(ValueNode literal, IReadOnlyDictionary<string, object?>? variables);

    /// <summary>A variable's value.</summary>
    /// <param name="json">Not null.</param>
    /// <exception cref="LeafCoercionException">It is no value of this scalar.</exception>
    public abstract object? ParseValue(JsonElement json);

    /// <summary>A resolver's value as a string, number, boolean or <see cref="JsonElement"/>.</summary>
    /// <exception cref="LeafCoercionException">The scalar cannot represent it.</exception>
    public abstract object Serialize(object value);

    protected LeafCoercionException CannotParse(object value) => new($"{Name} cannot represent {Shorten(value.ToString())}.");

    protected LeafCoercionException CannotSerialize(object value) => new($"{Name} cannot represent a value of {value.GetType().Name}.");

    private static string Shorten(string? text) => text is { Length: > 100 } ? text[..100] + "…" : text ?? "";
}
