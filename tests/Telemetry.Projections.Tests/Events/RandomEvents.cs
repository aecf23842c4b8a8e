using System.Text.Json;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Tests.Events;

/// <summary>Telemetry events that share types, traits, values and instants, and questions about them.</summary>
internal sealed class RandomEvents(int seed)
{
    private static readonly string[] Types = ["compute.create", "compute.delete", "image.update", "🐢", "\uffee"];
    private static readonly string[] Texts = ["", "a", "b", "É", "🐢", "\uffee", "p1", "p2", "0", "07efe615-c06b-42e3-a33d-64b66bf43fab"];
    private static readonly double[] Floats = [0, 1, -1.5, 1e300, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
    private static readonly string[] Names = ["project_id", "host", "size", "a b'\"", "é"];

    private readonly Random _random = new(seed);
    private int _count;

    public TelemetryEvent[] Batch() => [.. Enumerable.Range(0, _random.Next(1, 6)).Select(_ => Next())];

    public TelemetryEvent Next()
    {
        // Now and then one that was there before.
        var number = _count > 0 && _random.Next(12) == 0 ? _random.Next(_count) : _count++;
        var id = number % 3 == 0 ? $"message {number}" : new Guid(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]).ToString();
        var traits = Enumerable.Range(0, _random.Next(6)).Select(_ => Trait()).DistinctBy(t => (t.Name, t.Type)).ToList();
        var e = new TelemetryEvent(id, Pick(Types), At(), traits);
        return _random.Next(5) == 0 ? e with { Raw = JsonElement.Parse($$"""{"n": {{number}}}""") } : e;
    }

    public TelemetryEventQuery Query(IReadOnlyList<TelemetryEventRow> rows) => new(
        new Predicate.All([.. Scope(), .. Enumerable.Range(0, _random.Next(4)).Select(_ => Condition(depth: 0))]), Pick([1, 3, 10, 1_000]), _random.Next(2) == 0,
        _random.Next(3) == 0 && rows.Count > 0 ? rows[_random.Next(rows.Count)].Place : null);

    /// <summary>As callers are let see the events: most of them those of a project, or of none.</summary>
    private Predicate[] Scope()
    {
        var project = TelemetryEventFields.Trait("project_id", TraitType.Text);
        var own = Predicate.Equal(project, Pick(Texts));
        return _random.Next(4) switch
        {
            0 => [],
            1 => [own],
            2 => [new Predicate.All([own, Condition(depth: 1)])],
            _ => [new Predicate.Any([own, new Predicate.Compare(project, Comparison.Equal, QueryValue.Null)])],
        };
    }

    private Predicate Condition(int depth)
    {
        var field = Field(out var value);
        return _random.Next(depth < 2 ? 12 : 7) switch
        {
            < 4 => new Predicate.Compare(field, Comparison.Equal, value),
            < 6 => new Predicate.Compare(field, (Comparison)_random.Next(6), _random.Next(8) == 0 ? Trait().Value : value),
            6 => new Predicate.Compare(field, Pick([Comparison.Equal, Comparison.NotEqual]), QueryValue.Null),
            7 => new Predicate.Not(Condition(depth + 1)),
            8 => new Predicate.OneOf(field, [value, Trait().Value]),
            9 => new Predicate.Compare(TelemetryEventFields.GeneratedAt, (Comparison)_random.Next(6), QueryValue.Instant(At())),
            10 => new Predicate.Any([Condition(depth + 1), Condition(depth + 1)]),
            _ => new Predicate.Any([
                Predicate.Equal(TelemetryEventFields.Trait("project_id", TraitType.Text), "p1"),
                new Predicate.Compare(TelemetryEventFields.Trait("project_id", TraitType.Text), Comparison.Equal, QueryValue.Null)]),
        };
    }

    private Field Field(out QueryValue value)
    {
        switch (_random.Next(6))
        {
            case 0:
                value = QueryValue.Of(Pick(Types));
                return TelemetryEventFields.EventType;
            case 1 when _count > 0:
                value = QueryValue.Of($"message {_random.Next(_count)}");
                return TelemetryEventFields.MessageId;
            default:
                var trait = Trait();
                value = trait.Value;
                return TelemetryEventFields.Trait(trait.Name, trait.Type);
        }
    }

    private Trait Trait() => new(Pick(Names), _random.Next(4) switch
    {
        0 => QueryValue.Of(_random.Next(-2, 60)),
        1 => QueryValue.Of(Pick(Floats)),
        2 => QueryValue.Instant(At()),
        _ => QueryValue.Of(Pick(Texts)),
    });

    private long At() => 1_700_000_000_000_000 + (_random.Next(40) * 333_333L);

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];
}
