using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Tests.Events;

namespace Telemetry.Projections.Tests.Stores;

/// <summary>What every store answers about telemetry events.</summary>
public abstract class EventConformance
{
    private protected abstract Task<StorePlace> PlaceAsync();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_answer_is_that_of_a_plain_list_whatever_is_stored_and_what_is_not(int seed)
    {
        await using var model = new EventReadModel(await PlaceAsync());
        var random = new RandomEvents(seed);
        for (var i = 0; i < 300; i++)
        {
            await model.AppendAsync(random.Batch());
            if (i % 41 == 40)
                model.Projection.Flush();
            if (i % 97 == 96)
                await model.ReopenAsync();
            if (i % 10 == 0)
                await CompareAsync(model, random, 5);
        }
        await CompareAsync(model, random, 300);
        model.Projection.Flush();
        await CompareAsync(model, random, 300);
        await model.RebuildAsync();
        await CompareAsync(model, random, 300);
    }

    public static TheoryData<string> Steps => ["events", "places", "checkpoint", "commit"];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_flush_that_failed_loses_nothing_and_is_made_up_for(string step)
    {
        await using var model = new EventReadModel(await PlaceAsync());
        var random = new RandomEvents(7);
        await FillAsync(model, random, 20);
        model.Projection.Flush();
        await FillAsync(model, random, 20);
        model.Step = at => _ = at == step ? throw new IOException("disk full") : 0;
        Assert.Throws<IOException>(model.Projection.Flush);
        await FillAsync(model, random, 5);
        Assert.Throws<IOException>(model.Projection.Flush);
        await CompareAsync(model, random, 50);
        model.Step = null;

        model.Projection.Flush();
        var stored = model.Projection.Position;
        await CompareAsync(model, random, 50);
        await model.ReopenAsync();

        Assert.Equal(stored, model.Projection.Position);
        await CompareAsync(model, random, 50);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_crash_at_any_step_of_a_flush_leaves_a_model_that_catches_up_exactly(string step)
    {
        await using var model = new EventReadModel(await PlaceAsync());
        var random = new RandomEvents(8);
        await FillAsync(model, random, 20);
        model.Projection.Flush();
        await FillAsync(model, random, 20);
        model.Step = at => _ = at == step ? throw new InvalidOperationException("crash") : 0;
        Assert.Throws<InvalidOperationException>(model.Projection.Flush);
        model.Step = null;

        await model.ReopenAsync();

        await CompareAsync(model, random, 100);
    }

    [Fact]
    public async Task Comparisons_that_many_values_meet_and_few_events_are_answered_exactly()
    {
        await using var model = new EventReadModel(await PlaceAsync());
        for (var i = 0; i < 40; i++)
        {
            await model.AppendAsync([.. Enumerable.Range(i * 50, 50).Select(n => new TelemetryEvent($"{n}", "t", 5_000 - n, n < 1_000
                ? [new("size", QueryValue.Of(n)), new("ratio", QueryValue.Of(n / 2.0)), new("name", QueryValue.Of($"{n:0000}"))]
                : []))]);
        }
        model.Projection.Flush();

        foreach (var field in new[] { ("size", QueryValue.Of(100), QueryValue.Of(900)), ("ratio", QueryValue.Of(50.0), QueryValue.Of(450.0)), ("name", QueryValue.Of("0100"), QueryValue.Of("0900")) })
        {
            var size = TelemetryEventFields.Trait(field.Item1, new Trait("x", field.Item2).Type);
            Predicate[] filters =
            [
                new Predicate.Compare(size, Comparison.GreaterOrEqual, field.Item3),
                new Predicate.Compare(size, Comparison.NotEqual, field.Item2),
                new Predicate.All([new Predicate.Compare(size, Comparison.Greater, field.Item2), new Predicate.Compare(size, Comparison.Less, field.Item3)]),
                new Predicate.All([Predicate.Equal(TelemetryEventFields.EventType, "t"), new Predicate.Compare(size, Comparison.Less, field.Item2)]),
            ];
            foreach (var filter in filters)
            {
                await CompareAsync(model, new(filter, 50));
                await CompareAsync(model, new(filter, 5_000, Descending: true));
            }
        }
    }

    [Fact]
    public async Task The_same_message_id_twice_is_one_event_across_flushes_and_restarts()
    {
        await using var model = new EventReadModel(await PlaceAsync());
        TelemetryEvent Event(string type, string id = "07efe615-c06b-42e3-a33d-64b66bf43fab") => new(id, type, 1, []);
        await model.AppendAsync(Event("first"), Event("again"));
        await model.AppendAsync(Event("again"));
        model.Projection.Flush();
        await model.AppendAsync(Event("again"), Event("other", "07EFE615-c06b-42e3-a33d-64b66bf43fab"));
        await model.ReopenAsync();
        await model.AppendAsync(Event("again"));

        Assert.Equal(["first", "other"], (await model.Reader.EventsAsync(new(Predicate.True, 10), Ct)).Select(r => r.Event.EventType));
    }

    [Fact]
    public async Task Events_of_one_instant_come_in_the_order_of_arrival_and_pages_follow_each_other_without_gap_or_repeat()
    {
        await using var model = new EventReadModel(await PlaceAsync());
        for (var i = 0; i < 30; i++)
        {
            await model.AppendAsync(new TelemetryEvent($"{i}", "t", i % 3, []));
            if (i == 20)
                model.Projection.Flush();
        }
        foreach (var descending in new[] { false, true })
        {
            var ids = new List<string>();
            TelemetryEventPlace? last = null;
            while (await model.Reader.EventsAsync(new(Predicate.True, 7, descending, last), Ct) is [.., var end] page)
            {
                ids.AddRange(page.Select(r => r.Event.MessageId));
                last = end.Place;
            }
            var expected = Enumerable.Range(0, 30).OrderBy(i => i % 3).ThenBy(i => i).Select(i => $"{i}").ToList();
            if (descending)
                expected.Reverse();
            Assert.Equal(expected, ids);
        }
    }

    [Fact]
    public async Task Log_events_that_bring_none_move_the_checkpoint()
    {
        await using var model = new EventReadModel(await PlaceAsync());
        var recorded = await model.AppendAsync(new TelemetryEvent("1", "t", 1, []));
        model.Projection.Flush();
        Assert.Equal(0, model.Projection.FlushPressure);
        model.Projection.Apply(recorded with { Position = 900, Type = "quota-set" });

        Assert.True(model.Projection.FlushPressure > 0);
        model.Projection.Flush();
        await model.ReopenAsync();
        Assert.Equal(900, model.Projection.Position);
    }

    private static async Task FillAsync(EventReadModel model, RandomEvents random, int batches)
    {
        for (var i = 0; i < batches; i++)
            await model.AppendAsync(random.Batch());
    }

    private static async Task CompareAsync(EventReadModel model, RandomEvents random, int queries)
    {
        for (var i = 0; i < queries; i++)
            await CompareAsync(model, random.Query(model.Truth));
        var types = model.Truth.Select(r => r.Event.EventType).Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.Equal(types, await model.Reader.EventTypesAsync(Ct));
        Assert.Empty(await model.Reader.TraitDescriptionsAsync("unknown", Ct));
        Assert.Empty(await model.Reader.TraitsAsync("unknown", "host", Ct).ToListAsync(Ct));
        foreach (var type in types)
        {
            var traits = model.Truth.Where(r => r.Event.EventType == type).OrderBy(r => r.Place).SelectMany(r => r.Event.Traits).OrderBy(t => t.Type).ToList();
            Assert.Equal(
                traits.Select(t => new TraitDescription(t.Name, t.Type)).Distinct().OrderBy(t => t.Type).ThenBy(t => t.Name, StringComparer.Ordinal),
                await model.Reader.TraitDescriptionsAsync(type, Ct));
            Assert.Equal(traits.Where(t => t.Name == "host"), await model.Reader.TraitsAsync(type, "host", Ct).ToListAsync(Ct));
        }
    }

    private static async Task CompareAsync(EventReadModel model, TelemetryEventQuery query)
    {
        var selected = model.Truth.Where(r => query.Filter.Selects(r));
        var expected = query.Descending
            ? selected.Where(r => query.After is not { } after || r.Place < after).OrderByDescending(r => r.Place)
            : selected.Where(r => query.After is not { } after || r.Place > after).OrderBy(r => r.Place);

        var found = await model.Reader.EventsAsync(query, Ct);

        var (wanted, given) = (expected.Take(query.Limit).Select(Text).ToList(), found.Select(Text).ToList());
        Assert.True(wanted.SequenceEqual(given), $"{query}: {string.Join(" and ", query.Filter.Leaves())}: expected {string.Join(", ", wanted.Except(given).Take(3))}; got {string.Join(", ", given.Except(wanted).Take(3))}");
    }

    private static string Text(TelemetryEventRow row) =>
        $"{row.Place} {row.Position} {row.Event.MessageId} {row.Event.EventType} {string.Join(';', row.Event.Traits.Select(t => $"{t.Name}:{t.Type}={t.Text}"))} {row.Event.Raw}";
}
