using System.Text.RegularExpressions;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Tests.Queries;

public sealed class PredicateTests
{
    private static readonly Field Key = Field.Metadata("k");

    [Fact]
    public void A_missing_value_is_unknown_and_stays_so_under_not()
    {
        var compare = new Predicate.Compare(Key, Comparison.Equal, QueryValue.Of("x"));

        Assert.Null(compare.Evaluate(Row()));
        Assert.Null(new Predicate.Not(compare).Evaluate(Row()));
        Assert.False(new Predicate.Not(compare).Selects(Row()));
        Assert.True(new Predicate.Any([compare, Predicate.True]).Selects(Row()));
        Assert.Equal(false, new Predicate.All([compare, Predicate.False]).Evaluate(Row()));
        Assert.Null(new Predicate.OneOf(Key, [QueryValue.Of("x")]).Evaluate(Row()));
        Assert.Null(new Predicate.Matches(Key, new Regex("x")).Evaluate(Row()));
    }

    [Fact]
    public void Some_and_every_item_of_a_list_are_never_unknown()
    {
        var list = new Field("list");
        Predicate some = new Predicate.Some(list, Predicate.Equal(Key, "x")), every = new Predicate.Every(list, Predicate.Equal(Key, "x"));
        QueryValue Items(params string?[] keys) => QueryValue.Of([.. keys.Select(k => (IRow)Row((Key, QueryValue.Of(k))))]);

        Assert.Equal((false, true), (some.Evaluate(Row((list, Items()))), every.Evaluate(Row((list, Items())))));
        Assert.Equal((true, true), (some.Evaluate(Row((list, Items("x")))), every.Evaluate(Row((list, Items("x"))))));
        Assert.Equal((true, false), (some.Evaluate(Row((list, Items("x", null)))), every.Evaluate(Row((list, Items("x", null))))));
        Assert.Equal((false, false), (some.Evaluate(Row((list, Items("y")))), every.Evaluate(Row((list, Items("y"))))));
        Assert.Equal(Predicate.True, some.Reduce(_ => Items("x")));
    }

    [Fact]
    public void Reducing_goes_through_nested_nots_once()
    {
        Predicate nested = new Predicate.Compare(Key, Comparison.Equal, QueryValue.Of("x"));
        for (var i = 0; i < 100; i++)
            nested = new Predicate.Not(nested);
        var asked = 0;

        nested.Reduce(_ =>
        {
            asked++;
            return null;
        });

        Assert.Equal(1, asked);
    }

    [Fact]
    public void Metadata_matches_only_values_of_its_own_kind()
    {
        Assert.False(new Predicate.Compare(Key, Comparison.Equal, QueryValue.Of(1L)).Selects(Row((Key, QueryValue.Of("1")))));
        Assert.False(new Predicate.Compare(Key, Comparison.Equal, QueryValue.Of(1L)).Selects(Row((Key, QueryValue.Of(1.0)))));
        Assert.True(new Predicate.Compare(Key, Comparison.Equal, QueryValue.Of(1L)).Selects(Row((Key, QueryValue.Of(1L)))));
    }

    [Fact]
    public void A_volume_compares_with_integers_and_floats()
    {
        Assert.True(new Predicate.Compare(Field.Volume, Comparison.Equal, QueryValue.Of(1L)).Selects(Row((Field.Volume, QueryValue.Of(1.0)))));
        Assert.True(new Predicate.Compare(Field.Volume, Comparison.Greater, QueryValue.Of(1L)).Selects(Row((Field.Volume, QueryValue.Of(1.5)))));
    }

    [Fact]
    public void Equal_to_null_means_without_a_value()
    {
        Assert.True(Predicate.Equal(Field.ProjectId, null).Selects(Row()));
        Assert.False(Predicate.Equal(Field.ProjectId, null).Selects(Row((Field.ProjectId, QueryValue.Of("p")))));
    }

    [Theory]
    [InlineData(Comparison.Less, "a", "b", true)]
    [InlineData(Comparison.Less, "b", "a", false)]
    [InlineData(Comparison.Less, "B", "a", true)] // ordinal
    [InlineData(Comparison.LessOrEqual, "a", "a", true)]
    [InlineData(Comparison.Greater, "a", "a", false)]
    [InlineData(Comparison.GreaterOrEqual, "a", "a", true)]
    [InlineData(Comparison.NotEqual, "a", "b", true)]
    public void Text_is_compared_by_ordinal(Comparison comparison, string left, string right, bool selected) =>
        Assert.Equal(selected, new Predicate.Compare(Field.Source, comparison, QueryValue.Of(right)).Selects(Row((Field.Source, QueryValue.Of(left)))));

    [Fact]
    public void Reducing_by_known_fields_never_changes_the_verdict()
    {
        var random = new Random(7);
        for (var i = 0; i < 5_000; i++)
        {
            var predicate = Random(random, 4);
            var row = Row((Field.Meter, Value(random)), (Field.UserId, Value(random)), (Key, Value(random)));

            var reduced = predicate.Reduce(f => f == Field.Meter || f == Field.UserId ? row[f] : null);

            Assert.Equal(predicate.Evaluate(row), reduced.Evaluate(row));
            Assert.DoesNotContain(reduced.Leaves(), l => Predicate.FieldOf(l) != Key);
        }
    }

    [Fact]
    public void The_conjunction_at_the_top_bounds_the_time()
    {
        var between = new Predicate.All([
            new Predicate.Compare(Field.Timestamp, Comparison.Greater, QueryValue.Instant(10)),
            new Predicate.All([new Predicate.Compare(Field.Timestamp, Comparison.LessOrEqual, QueryValue.Instant(20))]),
            new Predicate.Not(new Predicate.Compare(Field.Timestamp, Comparison.Less, QueryValue.Instant(99)))]);

        Assert.Equal(new TimeRange(11, 21), between.Bounds(Field.Timestamp));
        Assert.Equal(TimeRange.Always, new Predicate.Any([between]).Bounds(Field.Timestamp));
    }

    private static Predicate Random(Random random, int depth) => random.Next(depth > 0 ? 5 : 2) switch
    {
        0 => new Predicate.Compare(AnyField(random), (Comparison)random.Next(6), Value(random)),
        1 => new Predicate.OneOf(AnyField(random), [Value(random), QueryValue.Of("b")]),
        2 => new Predicate.Not(Random(random, depth - 1)),
        3 => new Predicate.All([Random(random, depth - 1), Random(random, depth - 1)]),
        _ => new Predicate.Any([Random(random, depth - 1), Random(random, depth - 1)]),
    };

    private static Field AnyField(Random random) => random.Next(3) switch { 0 => Field.Meter, 1 => Field.UserId, _ => Key };

    private static QueryValue Value(Random random) => random.Next(3) switch { 0 => QueryValue.Null, 1 => QueryValue.Of("a"), _ => QueryValue.Of("b") };

    private static DictionaryRow Row(params (Field Field, QueryValue Value)[] values) => new(values.ToDictionary(v => v.Field, v => v.Value));

    private readonly record struct DictionaryRow(Dictionary<Field, QueryValue> Values) : IRow
    {
        public QueryValue this[Field field] => Values.GetValueOrDefault(field);
    }
}
