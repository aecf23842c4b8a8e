namespace Telemetry.Api.GraphQL.Types;

/// <summary>A field of an input that knows whether it was given: absent, null and a value are three things.</summary>
/// <param name="value">Given.</param>
internal readonly struct Optional<T>(T? value) : IOptional
{
    public T? Value { get; } = value;

    public bool HasValue { get; } = true;

    object? IOptional.Value => Value;

    public static implicit operator Optional<T>(T? value) => new(value);
}

internal interface IOptional
{
    bool HasValue { get; }

    object? Value { get; }
}
