using System.Text.RegularExpressions;

namespace Telemetry.Domain.Queries;

/// <summary>How two values are compared.</summary>
public enum Comparison
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>Something that has fields.</summary>
public interface IRow
{
    /// <summary><see cref="QueryValue.Null"/> where the row has no such field or no value in it.</summary>
    QueryValue this[Field field] { get; }
}

/// <summary>A condition on rows, with SQL's three truth values: true, false and unknown (null).</summary>
/// <remarks>
/// One tree for every reader: the simple query (a conjunction), the complex query and the scope of the caller all become it. A
/// comparison with a row's missing value is unknown, and unknown stays unknown under <see cref="Not"/>; a row is selected where the whole is true.
/// </remarks>
public abstract record Predicate
{
    private Predicate() { } // closed: only the records below

    public static readonly Predicate True = new Constant(true);
    public static readonly Predicate False = new Constant(false);

    public sealed record Constant(bool? Value) : Predicate;

    public sealed record Not(Predicate Operand) : Predicate;

    /// <summary>True without operands.</summary>
    public sealed record All(IReadOnlyList<Predicate> Operands) : Predicate;

    /// <summary>False without operands.</summary>
    public sealed record Any(IReadOnlyList<Predicate> Operands) : Predicate;

    /// <summary>
    /// Text by code point, numbers by value, instants by time. Values of different kinds are not equal and have no order; an integer and a
    /// float compare by value, except in metadata, where a value only matches its own kind. Equal to <see cref="QueryValue.Null"/> means: has no value.
    /// </summary>
    public sealed record Compare(Field Field, Comparison Operator, QueryValue Value) : Predicate;

    /// <summary>Equal to one of the values.</summary>
    public sealed record OneOf(Field Field, IReadOnlyList<QueryValue> Values) : Predicate;

    /// <summary>The text has a match. The expression cannot run away: it is non-backtracking or has a time limit.</summary>
    public sealed record Matches(Field Field, Regex Pattern) : Predicate;

    /// <summary>An item of the list that the field holds is selected; never unknown.</summary>
    public sealed record Some(Field Field, Predicate Item) : Predicate;

    /// <summary>Every item of the list that the field holds is selected, as where there is none; never unknown.</summary>
    public sealed record Every(Field Field, Predicate Item) : Predicate;

    public static Predicate Equal(Field field, string? value) => new Compare(field, Comparison.Equal, QueryValue.Of(value));

    /// <summary>Both, without the operands that are always true.</summary>
    public static Predicate And(Predicate left, Predicate right) =>
        left == True ? right : right == True ? left : new All([left, right]);

    /// <summary>Whether the row is selected.</summary>
    public bool Selects<TRow>(in TRow row) where TRow : IRow => Evaluate(row) == true;

    /// <summary>True, false, or null for unknown.</summary>
    public bool? Evaluate<TRow>(in TRow row) where TRow : IRow
    {
        switch (this)
        {
            case Constant c:
                return c.Value;
            case Not n:
                return !n.Operand.Evaluate(row);
            case All all:
                {
                    bool? result = true;
                    foreach (var operand in all.Operands)
                    {
                        var value = operand.Evaluate(row);
                        if (value == false)
                            return false;
                        result &= value;
                    }
                    return result;
                }
            case Any any:
                {
                    bool? result = false;
                    foreach (var operand in any.Operands)
                    {
                        var value = operand.Evaluate(row);
                        if (value == true)
                            return true;
                        result |= value;
                    }
                    return result;
                }
            default:
                return Judge(row[FieldOf(this)]);
        }
    }

    /// <summary>The same condition for rows of which some fields are known: those leaves are judged, and what follows is simplified.</summary>
    /// <param name="known">A field's value; null where it is not known.</param>
    public Predicate Reduce(Func<Field, QueryValue?> known)
    {
        switch (this)
        {
            case Constant:
                return this;
            case Not n:
                return n.Operand.Reduce(known) switch
                {
                    Constant c => new Constant(!c.Value),
                    var operand => new Not(operand),
                };
            case All all:
                return Combine(all.Operands, known, absorbing: false, static rest => new All(rest));
            case Any any:
                return Combine(any.Operands, known, absorbing: true, static rest => new Any(rest));
            default:
                return known(FieldOf(this)) is { } value ? new Constant(Judge(value)) : this;
        }
    }

    /// <summary>The instants between which rows that are selected must lie, as far as the conjunction at the top says so.</summary>
    public TimeRange Bounds(Field field) => this switch
    {
        All all => all.Operands.Aggregate(TimeRange.Always, (range, operand) => range.Intersect(operand.Bounds(field))),
        Compare { Value.Kind: ValueKind.Instant } c when c.Field == field => c.Operator switch
        {
            Comparison.Equal => new(c.Value.Integer, c.Value.Integer + 1),
            Comparison.Less => new(null, c.Value.Integer),
            Comparison.LessOrEqual => new(null, c.Value.Integer + 1),
            Comparison.Greater => new(c.Value.Integer + 1, null),
            Comparison.GreaterOrEqual => new(c.Value.Integer, null),
            _ => TimeRange.Always,
        },
        _ => TimeRange.Always,
    };

    /// <summary>Every leaf of the tree.</summary>
    public IEnumerable<Predicate> Leaves() => this switch
    {
        Not n => n.Operand.Leaves(),
        All all => all.Operands.SelectMany(o => o.Leaves()),
        Any any => any.Operands.SelectMany(o => o.Leaves()),
        Constant => [],
        _ => [this],
    };

    /// <summary>The field of a leaf.</summary>
    /// <exception cref="ArgumentException">It is no leaf.</exception>
    public static Field FieldOf(Predicate leaf) => leaf switch
    {
        Compare c => c.Field,
        OneOf o => o.Field,
        Matches m => m.Field,
        Some s => s.Field,
        Every e => e.Field,
        _ => throw new ArgumentException($"{leaf.GetType().Name} has no field.", nameof(leaf)),
    };

    private static Predicate Combine(
        IReadOnlyList<Predicate> operands, Func<Field, QueryValue?> known, bool absorbing, Func<List<Predicate>, Predicate> rebuild)
    {
        var rest = new List<Predicate>(operands.Count);
        var unknown = false;
        foreach (var operand in operands)
        {
            switch (operand.Reduce(known))
            {
                case Constant { Value: { } value } c when value == absorbing:
                    return c;
                case Constant { Value: null }:
                    unknown = true;
                    break;
                case Constant:
                    break;
                case var other:
                    rest.Add(other);
                    break;
            }
        }
        if (unknown)
            rest.Add(new Constant(null));
        return rest switch
        {
            [] => new Constant(!absorbing),
            [var only] => only,
            _ => rebuild(rest),
        };
    }

    private bool? Judge(QueryValue actual) => this switch
    {
        Compare c => Judge(actual, c.Operator, c.Value, c.Field.IsMetadata),
        OneOf o when actual.Kind == ValueKind.Null => null,
        OneOf o => o.Values.Any(v => Judge(actual, Comparison.Equal, v, o.Field.IsMetadata) == true),
        Matches when actual.Kind == ValueKind.Null => null,
        Matches m => actual.Kind == ValueKind.Text && m.Pattern.IsMatch(actual.Text!),
        Some s => actual.Items.Any(item => s.Item.Evaluate(item) == true),
        Every e => actual.Items.All(item => e.Item.Evaluate(item) == true),
        _ => throw new InvalidOperationException($"{GetType().Name} is no leaf."),
    };

    private static bool? Judge(QueryValue actual, Comparison comparison, QueryValue expected, bool strict)
    {
        if (expected.Kind == ValueKind.Null)
        {
            return comparison switch
            {
                Comparison.Equal => actual.Kind == ValueKind.Null,
                Comparison.NotEqual => actual.Kind != ValueKind.Null,
                _ => null,
            };
        }
        if (actual.Kind == ValueKind.Null)
            return null;
        int order;
        if (actual.Kind == expected.Kind)
        {
            order = actual.Kind switch
            {
                ValueKind.Text => CompareText(actual.Text!, expected.Text!),
                ValueKind.Float => actual.Number.CompareTo(expected.Number),
                _ => actual.Integer.CompareTo(expected.Integer),
            };
        }
        else if (!strict && IsNumber(actual) && IsNumber(expected))
        {
            order = actual.Number.CompareTo(expected.Number);
        }
        else
        {
            // SQL keeps a metadata value of another kind in another table: there the key is as good as missing.
            return strict ? null : comparison == Comparison.NotEqual;
        }
        return comparison switch
        {
            Comparison.Equal => order == 0,
            Comparison.NotEqual => order != 0,
            Comparison.Less => order < 0,
            Comparison.LessOrEqual => order <= 0,
            Comparison.Greater => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>By code point, as Python, SQLite and PostgreSQL compare; by UTF-16, what lies beyond it comes before U+E000.</summary>
    private static int CompareText(string x, string y)
    {
        var at = x.AsSpan().CommonPrefixLength(y);
        if (at == x.Length || at == y.Length)
            return x.Length.CompareTo(y.Length);
        return char.IsSurrogate(x[at]) == char.IsSurrogate(y[at]) ? x[at].CompareTo(y[at]) : char.IsSurrogate(x[at]) ? 1 : -1;
    }

    private static bool IsNumber(QueryValue value) => value.Kind is ValueKind.Integer or ValueKind.Float;
}
