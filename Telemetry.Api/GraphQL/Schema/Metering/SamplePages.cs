using System.Globalization;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Queries;
using SortKey = Telemetry.Domain.Metering.SortKey;
using StoredSample = Telemetry.Domain.Metering.Sample;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>Pages of samples, each read by where it begins. Equal sort keys stand in the order of insertion, so that a cursor counts them.</summary>
internal sealed class SamplePages
{
    /// <summary>The largest page without a bound on the time.</summary>
    public const int UnboundedSize = 100;

    private const int MaxEqual = 100_000;

    private readonly SamplesOfQuery _samples;
    private readonly Predicate _filter;
    private readonly List<SortKey> _keys;
    private readonly CancellationToken _ct;

    private SamplePages(SamplesOfQuery samples, Predicate filter, List<SortKey> keys, CancellationToken ct) =>
        (_samples, _filter, _keys, _ct) = (samples, filter, keys, ct);

    /// <param name="filter">With the caller's scope.</param>
    public static Task<Connection<Sample>> ReadAsync(
        SamplesOfQuery samples, Predicate filter, PagingArguments page, IReadOnlyList<SampleSortInput>? order, CancellationToken ct)
    {
        var keys = (order ?? []).SelectMany(KeysOf).DistinctBy(k => k.Field).ToList();
        if (!keys.Exists(k => k.Field == Field.Timestamp))
            keys.Add(new(Field.Timestamp, Descending: true)); // as the reader sorts what is equal
        var isNewestFirst = keys is [{ Field: var only, Descending: true }] && only == Field.Timestamp && page.Last is null;
        if (((page.First ?? page.Last) > UnboundedSize || !isNewestFirst) && filter.Bounds(Field.Timestamp).From is null)
        {
            throw Refused.BadInput(
                $"A page of more than {UnboundedSize} samples, or one in another order than newest first, needs a time: where: {{timestamp: {{gte: …}}}}.");
        }
        var pages = new SamplePages(samples, filter, keys, ct);
        return page.Last is null ? pages.ForwardsAsync(page.First ?? 0, page.After) : pages.BackwardsAsync(page.Last.Value, page.After, page.Before);
    }

    private string Order => string.Join(',', _keys.Select(k => k.Descending ? $"-{k.Field}" : k.Field.ToString()));

    private async Task<Connection<Sample>> ForwardsAsync(int size, string? after)
    {
        var (cursor, seen) = Parse(after);
        var from = cursor is null ? _filter : Predicate.And(_filter, From(cursor, _keys, inclusive: true));
        var samples = await ReadAsync(from, _keys, size + 1 + seen);
        var skip = cursor is null ? 0 : Math.Min(seen, samples.TakeWhile(s => IsAt(s, cursor)).Count());
        var places = Places(samples);
        var edges = samples.Zip(places).Skip(skip).Take(size).Select(s => Edge(s.First, s.Second)).ToList();
        return Connection(edges, samples.Count > skip + size, after is not null);
    }

    private async Task<Connection<Sample>> BackwardsAsync(int size, string? after, string? before)
    {
        if (after is not null)
            throw Refused.BadInput("\"last\" goes with \"before\", not with \"after\".");
        var (cursor, seen) = Parse(before);
        var reverse = _keys.ConvertAll(k => k with { Descending = !k.Descending });
        var equal = cursor is null || seen <= 1 ? [] : await ReadAsync(Predicate.And(_filter, At(cursor)), _keys, seen - 1);
        var earlier = await ReadAsync(cursor is null ? _filter : Predicate.And(_filter, From(cursor, reverse, inclusive: false)), reverse, size + 1);
        // What is equal comes in the order of insertion in both directions. The last of them may be cut: it is read whole.
        var groups = earlier.GroupBy(KeyOf).Select(g => g.ToList()).ToList();
        if (earlier.Count > size && groups is [.., var cut])
        {
            var whole = await ReadAsync(Predicate.And(_filter, At(new(Order, Values(cut[0]), ""))), _keys, MaxEqual);
            if (whole.Count == MaxEqual)
                throw Refused.BadInput($"More than {MaxEqual} samples are equal by this order; page forwards.");
            groups[^1] = [.. whole];
        }
        groups.Reverse();
        var all = groups.SelectMany(g => g).Concat(equal).ToList();
        var edges = all.Zip(Places(all)).TakeLast(size).Select(s => Edge(s.First, s.Second)).ToList();
        return Connection(edges, before is not null, all.Count > size);
    }

    private async Task<IReadOnlyList<StoredSample>> ReadAsync(Predicate filter, List<SortKey> keys, int limit)
    {
        var isDefault = keys is [{ Field: var only, Descending: true }] && only == Field.Timestamp;
        return await _samples.LoadRequiredAsync(new(filter, isDefault ? [] : keys, limit), _ct);
    }

    private static Connection<Sample> Connection(List<Edge<Sample>> edges, bool next, bool previous) =>
        new(edges, new(next, previous, edges is [var start, ..] ? start.Cursor : null, edges is [.., var end] ? end.Cursor : null));

    /// <summary>Of each sample the how-many-eth it is of those that are equal.</summary>
    private List<int> Places(IReadOnlyList<StoredSample> samples)
    {
        var places = new List<int>(samples.Count);
        for (var i = 0; i < samples.Count; i++)
            places.Add(i > 0 && KeyOf(samples[i]) == KeyOf(samples[i - 1]) ? places[i - 1] + 1 : 1);
        return places;
    }

    private Edge<Sample> Edge(StoredSample sample, int place) =>
        new(new(sample), new Cursor(Order, Values(sample), place.ToString(CultureInfo.InvariantCulture)).ToString());

    private (Cursor? Cursor, int Seen) Parse(string? text)
    {
        if (text is null)
            return (null, 0);
        var cursor = Cursor.Parse(text, Order, _keys.Count);
        return int.TryParse(cursor.Last, NumberStyles.None, CultureInfo.InvariantCulture, out var seen) && seen is > 0 and <= MaxEqual
            ? (cursor, seen)
            : throw Refused.BadInput($"\"{text}\" is no cursor of samples.");
    }

    private (long, double, long) KeyOf(StoredSample sample) => (
        sample.Timestamp, _keys.Exists(k => k.Field == Field.Volume) ? sample.Volume : 0, _keys.Exists(k => k.Field == Field.RecordedAt) ? sample.RecordedAt : 0);

    private List<QueryValue> Values(StoredSample sample) => _keys.ConvertAll(k =>
        k.Field == Field.Volume ? QueryValue.Of(sample.Volume)
        : QueryValue.Instant(k.Field == Field.RecordedAt ? sample.RecordedAt : sample.Timestamp));

    private bool IsAt(StoredSample sample, Cursor cursor) => Values(sample).SequenceEqual(cursor.Values);

    private Predicate At(Cursor cursor) => Conditions.All(_keys.Select((k, i) => Compare(k.Field, Comparison.Equal, cursor.Values[i])));

    /// <summary>What comes after a place in an order of these fields.</summary>
    private static Predicate From(Cursor cursor, List<SortKey> keys, bool inclusive)
    {
        // By the first key alone nothing is missed, and readers find the time by it.
        var bound = Compare(keys[0].Field, Beyond(keys[0], orEqual: inclusive || keys.Count > 1), cursor.Values[0]);
        if (keys.Count == 1)
            return bound;
        var alternatives = new List<Predicate>();
        for (var i = 0; i < keys.Count; i++)
        {
            var isLast = i == keys.Count - 1;
            alternatives.Add(Conditions.All(
            [
                .. keys.Take(i).Select((k, n) => Compare(k.Field, Comparison.Equal, cursor.Values[n])),
                Compare(keys[i].Field, Beyond(keys[i], orEqual: inclusive && isLast), cursor.Values[i]),
            ]));
        }
        return Conditions.All(bound, new Predicate.Any(alternatives));
    }

    private static Comparison Beyond(SortKey key, bool orEqual) => (key.Descending, orEqual) switch
    {
        (true, true) => Comparison.LessOrEqual,
        (true, false) => Comparison.Less,
        (false, true) => Comparison.GreaterOrEqual,
        _ => Comparison.Greater,
    };

    private static Predicate.Compare Compare(Field field, Comparison comparison, QueryValue value) => new(field, comparison, value);

    private static IEnumerable<SortKey> KeysOf(SampleSortInput order)
    {
        if (order.Timestamp is { } timestamp)
            yield return new(Field.Timestamp, timestamp == SortEnumType.Desc);
        if (order.Volume is { } volume)
            yield return new(Field.Volume, volume == SortEnumType.Desc);
        if (order.RecordedAt is { } recorded)
            yield return new(Field.RecordedAt, recorded == SortEnumType.Desc);
    }
}
