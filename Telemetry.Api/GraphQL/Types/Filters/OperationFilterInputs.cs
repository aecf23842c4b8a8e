namespace Telemetry.Api.GraphQL.Types;

// Filters are plain inputs, handed to the resolver: what is given in one of them has to hold all together.

/// <summary>Conditions on a text; all that are given hold. Compared ordinally.</summary>
internal sealed record StringOperationFilterInput
{
    /// <summary>All of these hold.</summary>
    public IReadOnlyList<StringOperationFilterInput>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<StringOperationFilterInput>? Or { get; init; }

    /// <summary>Is this; null: is absent.</summary>
    public Optional<string?> Eq { get; init; }

    /// <summary>Is not this; null: is there.</summary>
    public Optional<string?> Neq { get; init; }

    /// <summary>Holds this.</summary>
    public string? Contains { get; init; }

    /// <summary>Does not hold this.</summary>
    public string? Ncontains { get; init; }

    /// <summary>Is one of these.</summary>
    public IReadOnlyList<string?>? In { get; init; }

    /// <summary>Is none of these.</summary>
    public IReadOnlyList<string?>? Nin { get; init; }

    /// <summary>Begins with this.</summary>
    public string? StartsWith { get; init; }

    /// <summary>Does not begin with this.</summary>
    public string? NstartsWith { get; init; }

    /// <summary>Ends with this.</summary>
    public string? EndsWith { get; init; }

    /// <summary>Does not end with this.</summary>
    public string? NendsWith { get; init; }
}

/// <summary>Conditions on an id; all that are given hold.</summary>
internal sealed record IdOperationFilterInput
{
    /// <summary>Is this.</summary>
    [ID]
    public Optional<string?> Eq { get; init; }

    /// <summary>Is not this.</summary>
    [ID]
    public Optional<string?> Neq { get; init; }

    /// <summary>Is one of these.</summary>
    [ID]
    public IReadOnlyList<string?>? In { get; init; }

    /// <summary>Is none of these.</summary>
    [ID]
    public IReadOnlyList<string?>? Nin { get; init; }
}

/// <summary>Conditions on a truth value; all that are given hold.</summary>
internal sealed record BooleanOperationFilterInput
{
    /// <summary>Is this.</summary>
    public Optional<bool?> Eq { get; init; }

    /// <summary>Is not this.</summary>
    public Optional<bool?> Neq { get; init; }
}

/// <summary>Conditions on a number or an instant; all that are given hold.</summary>
internal abstract record ComparableOperationFilterInput<T> where T : struct
{
    /// <summary>Is this.</summary>
    public Optional<T?> Eq { get; init; }

    /// <summary>Is not this.</summary>
    public Optional<T?> Neq { get; init; }

    /// <summary>Is one of these.</summary>
    public IReadOnlyList<T?>? In { get; init; }

    /// <summary>Is none of these.</summary>
    public IReadOnlyList<T?>? Nin { get; init; }

    /// <summary>Is greater, or later.</summary>
    public T? Gt { get; init; }

    /// <summary>Is not less, or not earlier.</summary>
    public T? Gte { get; init; }

    /// <summary>Is less, or earlier.</summary>
    public T? Lt { get; init; }

    /// <summary>Is not greater, or not later.</summary>
    public T? Lte { get; init; }
}

/// <summary>Conditions on a number; all that are given hold.</summary>
internal sealed record FloatOperationFilterInput : ComparableOperationFilterInput<double>;

/// <summary>Conditions on a whole number; all that are given hold.</summary>
internal sealed record LongOperationFilterInput : ComparableOperationFilterInput<long>;

/// <summary>Conditions on an instant; all that are given hold.</summary>
internal sealed record DateTimeOperationFilterInput
{
    /// <summary>Is this.</summary>
    public Optional<DateTimeOffset?> Eq { get; init; }

    /// <summary>Is not this.</summary>
    public Optional<DateTimeOffset?> Neq { get; init; }

    /// <summary>Is later.</summary>
    public DateTimeOffset? Gt { get; init; }

    /// <summary>Is not earlier.</summary>
    public DateTimeOffset? Gte { get; init; }

    /// <summary>Is earlier.</summary>
    public DateTimeOffset? Lt { get; init; }

    /// <summary>Is not later.</summary>
    public DateTimeOffset? Lte { get; init; }
}

/// <summary>Conditions on a value of an enum; all that are given hold.</summary>
[GraphQLName("{0}OperationFilterInput")]
internal sealed record EnumOperationFilterInput<T> where T : struct, Enum
{
    /// <summary>Is this.</summary>
    public Optional<T?> Eq { get; init; }

    /// <summary>Is not this.</summary>
    public Optional<T?> Neq { get; init; }

    /// <summary>Is one of these.</summary>
    public IReadOnlyList<T>? In { get; init; }

    /// <summary>Is none of these.</summary>
    public IReadOnlyList<T>? Nin { get; init; }
}

/// <summary>Conditions on the items of a list; all that are given hold.</summary>
[GraphQLName("List{0}")]
internal sealed record ListFilterInput<T> where T : class
{
    /// <summary>At least one item is so.</summary>
    public T? Some { get; init; }

    /// <summary>No item is so.</summary>
    public T? None { get; init; }

    /// <summary>Every item is so.</summary>
    public T? All { get; init; }

    /// <summary>Whether there are items at all.</summary>
    public bool? Any { get; init; }
}

/// <summary>Which way a list is sorted.</summary>
internal enum SortEnumType
{
    /// <summary>Upwards.</summary>
    Asc,

    /// <summary>Downwards.</summary>
    Desc,
}
