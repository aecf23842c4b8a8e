using System.Globalization;
using System.Text.RegularExpressions;
using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Schema.Metering;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema;

/// <summary>Turns the filters of one request into predicates.</summary>
/// <remarks>A negation holds for a missing value too, as its opposite does not.</remarks>
/// <param name="scope">Of the caller: as over REST, a condition on another project is refused, not answered with nothing.</param>
internal sealed class Conditions(Scope scope)
{
    /// <summary>Of one filter.</summary>
    public const int MaxCount = 1_000;

    private int _count;

    public static Predicate All(params IEnumerable<Predicate> conditions) =>
        conditions.Where(c => c != Predicate.True).ToList() switch
        {
            [] => Predicate.True,
            [var only] => only,
            var several => new Predicate.All(several),
        };

    /// <summary>What a filter's own conditions come to with those of its <c>and</c> and <c>or</c>.</summary>
    public static Predicate Combine<T>(IEnumerable<Predicate> own, IReadOnlyList<T>? and, IReadOnlyList<T>? or, Func<T, Predicate> of) =>
        All([.. own, .. and?.Select(of) ?? [], .. or is null ? [] : (Predicate[])[new Predicate.Any([.. or.Select(of)])]]);

    public Predicate On(Field field, StringOperationFilterInput? filter)
    {
        if (filter is null)
            return Predicate.True;
        if (field == Field.ProjectId)
            DemandOwn(filter);
        return Combine(Own(), filter.And, filter.Or, f => On(field, f));

        IEnumerable<Predicate> Own() =>
        [
            .. Equality(field, Given(filter.Eq), Given(filter.Neq), filter.In?.Select(QueryValue.Of), filter.Nin?.Select(QueryValue.Of)),
            .. Matches(field, filter.Contains, filter.Ncontains, t => t),
            .. Matches(field, filter.StartsWith, filter.NstartsWith, t => $@"\A{t}"),
            .. Matches(field, filter.EndsWith, filter.NendsWith, t => $@"{t}\z"),
        ];
    }

    public Predicate On(Field field, IdOperationFilterInput? filter, string typeName)
    {
        return filter is null ? Predicate.True : All(Equality(field, Given(filter.Eq, Key), Given(filter.Neq, Key), filter.In?.Select(Key), filter.Nin?.Select(Key)));

        QueryValue Key(string? id) => QueryValue.Of(id is null ? null : GlobalIds.KeyOf(id, typeName));
    }

    public Predicate On(Field field, FloatOperationFilterInput? filter) => Comparable(field, filter, QueryValue.Of);

    public Predicate On(Field field, LongOperationFilterInput? filter) => Comparable(field, filter, QueryValue.Of);

    public Predicate On(Field field, DateTimeOperationFilterInput? filter) => filter is null ? Predicate.True : All(
    [
        .. Equality(field, Given(filter.Eq, Instant), Given(filter.Neq, Instant), null, null),
        .. Order(field, filter.Gt, filter.Gte, filter.Lt, filter.Lte, at => Instant(at)),
    ]);

    public Predicate On<T>(Field field, EnumOperationFilterInput<T>? filter, Func<T, string> name) where T : struct, Enum
    {
        return filter is null ? Predicate.True : All(Equality(
            field, Given(filter.Eq, Value), Given(filter.Neq, Value), filter.In?.Select(v => Value(v)), filter.Nin?.Select(v => Value(v))));

        QueryValue Value(T? value) => value is { } known ? QueryValue.Of(name(known)) : QueryValue.Null;
    }

    /// <param name="absent">What a missing value counts as.</param>
    public Predicate On(Field field, BooleanOperationFilterInput? filter, bool absent)
    {
        if (filter is null)
            return Predicate.True;
        return All([.. filter.Eq is { HasValue: true } eq ? [Is(eq.Value)] : (Predicate[])[], .. filter.Neq is { HasValue: true } neq ? [Is(!neq.Value)] : (Predicate[])[]]);

        Predicate Is(bool? value)
        {
            Count();
            var equal = new Predicate.Compare(field, Comparison.Equal, value is { } known ? QueryValue.Of(known) : QueryValue.Null);
            return value == absent ? new Predicate.Any([equal, Predicate.Equal(field, null)]) : equal;
        }
    }

    /// <summary>Conditions on metadata, whose values are compared as the text that the API shows.</summary>
    public Predicate OnMetadata(ListFilterInput<KeyValueFilterInput>? filter) => OnList(
        filter, Field.MetadataItems, pair => Named(pair.Key) is { } key && pair is { And: null, Or: null } ? OnKey(key, pair.Value) : null, OnPair);

    /// <summary>Conditions on the items of a list.</summary>
    /// <param name="field">Holds the items.</param>
    /// <param name="byName">That an item of a certain name is there and so, which readers find faster; never unknown. Null where the filter names none.</param>
    /// <param name="ofItem">The condition on an item.</param>
    public static Predicate OnList<T>(ListFilterInput<T>? filter, Field field, Func<T, Predicate?> byName, Func<T, Predicate> ofItem) where T : class
    {
        return filter is null ? Predicate.True : All(
        [
            .. filter.Some is { } some ? [byName(some) ?? new Predicate.Some(field, ofItem(some))] : (Predicate[])[],
            .. filter.None is { } none ? [new Predicate.Not(byName(none) ?? new Predicate.Some(field, ofItem(none)))] : (Predicate[])[],
            .. filter.All is { } all ? [new Predicate.Every(field, ofItem(all))] : (Predicate[])[],
            .. filter.Any is { } any ? [any ? new Predicate.Some(field, Predicate.True) : new Predicate.Every(field, Predicate.False)] : (Predicate[])[],
        ]);
    }

    /// <summary>The name that a filter asks for, and nothing else; else null.</summary>
    public static string? Named(StringOperationFilterInput? filter) =>
        filter is { Eq: { HasValue: true, Value: { Length: > 0 } name } } && filter == new StringOperationFilterInput { Eq = filter.Eq } ? name : null;

    private Predicate OnKey(string key, StringOperationFilterInput? value)
    {
        // Of a nested key the API shows the dots after the first as colons.
        var field = Field.Metadata(key.Replace(':', '.'));
        var isThere = Compare(field, Comparison.NotEqual, QueryValue.Null);
        return value is null ? isThere : All(isThere, OnText(field, value));
    }

    private Predicate OnPair(KeyValueFilterInput filter) =>
        Combine([On(MetadataItem.KeyField, filter.Key), On(MetadataItem.ValueField, filter.Value)], filter.And, filter.Or, OnPair);

    private Predicate OnText(Field field, StringOperationFilterInput filter)
    {
        return Combine(
        [
            .. filter.Eq is { HasValue: true } eq ? [Is([eq.Value])] : (Predicate[])[],
            .. filter.Neq is { HasValue: true } neq ? [Unless(Is([neq.Value]))] : (Predicate[])[],
            .. filter.In is { } list ? [Is(list)] : (Predicate[])[],
            .. filter.Nin is { } others ? [Unless(Is(others))] : (Predicate[])[],
            .. Matches(field, filter.Contains, filter.Ncontains, t => t),
            .. Matches(field, filter.StartsWith, filter.NstartsWith, t => $@"\A{t}"),
            .. Matches(field, filter.EndsWith, filter.NendsWith, t => $@"{t}\z"),
        ], filter.And, filter.Or, f => OnText(field, f));

        Predicate Is(IEnumerable<string?> texts)
        {
            Count();
            return new Predicate.OneOf(field, [.. texts.SelectMany(Readings)]);
        }
    }

    /// <summary>The values that the API shows as a text: metadata keeps kinds apart.</summary>
    private static IEnumerable<QueryValue> Readings(string? text)
    {
        if (text is null)
            yield break;
        yield return QueryValue.Of(text);
        if (text is "True" or "False")
            yield return QueryValue.Of(text == "True");
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) && integer.ToString(CultureInfo.InvariantCulture) == text)
            yield return QueryValue.Of(integer);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && PythonText.Float(number) == text)
            yield return QueryValue.Of(number);
    }

    private Predicate Comparable<T>(Field field, ComparableOperationFilterInput<T>? filter, Func<T, QueryValue> value) where T : struct
    {
        if (filter is null)
            return Predicate.True;
        return All(
        [
            .. Equality(field, Given(filter.Eq, Value), Given(filter.Neq, Value), filter.In?.Select(Value), filter.Nin?.Select(Value)),
            .. Order(field, filter.Gt, filter.Gte, filter.Lt, filter.Lte, value),
        ]);

        QueryValue Value(T? given) => given is { } known ? value(known) : QueryValue.Null;
    }

    private IEnumerable<Predicate> Order<T>(Field field, T? gt, T? gte, T? lt, T? lte, Func<T, QueryValue> value) where T : struct
    {
        foreach (var (bound, comparison) in ((T?, Comparison)[])[(gt, Comparison.Greater), (gte, Comparison.GreaterOrEqual), (lt, Comparison.Less), (lte, Comparison.LessOrEqual)])
        {
            if (bound is { } given)
                yield return Compare(field, comparison, value(given));
        }
    }

    private IEnumerable<Predicate> Equality(Field field, QueryValue? eq, QueryValue? neq, IEnumerable<QueryValue>? oneOf, IEnumerable<QueryValue>? noneOf)
    {
        if (eq is { } equal)
            yield return Compare(field, Comparison.Equal, equal);
        if (neq is { } other)
            yield return other.Kind == ValueKind.Null ? Compare(field, Comparison.NotEqual, other) : Unless(Compare(field, Comparison.Equal, other));
        if (oneOf is not null)
            yield return OneOf(field, [.. oneOf]);
        if (noneOf is not null)
            yield return Unless(OneOf(field, [.. noneOf]));
    }

    private Predicate OneOf(Field field, IReadOnlyList<QueryValue> values)
    {
        Count();
        var known = new Predicate.OneOf(field, [.. values.Where(v => v.Kind != ValueKind.Null)]);
        return known.Values.Count == values.Count ? known : new Predicate.Any([known, Predicate.Equal(field, null)]);
    }

    private IEnumerable<Predicate> Matches(Field field, string? text, string? notText, Func<string, string> pattern)
    {
        if (text is not null)
            yield return Match(text);
        if (notText is not null)
            yield return Unless(Match(notText));

        Predicate Match(string part)
        {
            Count();
            return part.Length <= SeriesKey.MaxLength
                ? new Predicate.Matches(field, new Regex(pattern(Regex.Escape(part)), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant))
                : throw Refused.BadInput($"A part of a text has at most {SeriesKey.MaxLength} characters, not {part.Length}.");
        }
    }

    /// <summary>True where the condition, on one field, is false or unknown.</summary>
    private static Predicate.Any Unless(Predicate condition) => new([new Predicate.Not(condition), .. Missing(condition)]);

    private static IEnumerable<Predicate> Missing(Predicate condition) =>
        condition.Leaves().Select(Predicate.FieldOf).Distinct().Select(f => Predicate.Equal(f, null)).Where(missing => !condition.Leaves().Contains(missing));

    private Predicate.Compare Compare(Field field, Comparison comparison, QueryValue value)
    {
        Count();
        return new(field, comparison, value);
    }

    private void Count()
    {
        if (++_count > MaxCount)
            throw Refused.BadInput($"A filter has at most {MaxCount} conditions.");
    }

    private void DemandOwn(StringOperationFilterInput filter)
    {
        foreach (var named in (Optional<string?>[])[filter.Eq, filter.Neq])
        {
            if (named.HasValue)
                scope.Demand(named.Value);
        }
        foreach (var named in (filter.In ?? []).Concat(filter.Nin ?? []))
            scope.Demand(named);
        foreach (var part in (string?[])[filter.Contains, filter.Ncontains, filter.StartsWith, filter.NstartsWith, filter.EndsWith, filter.NendsWith])
        {
            if (part is not null)
                scope.Demand(part);
        }
    }

    private static QueryValue? Given(Optional<string?> value) => value.HasValue ? QueryValue.Of(value.Value) : null;

    private static QueryValue? Given<T>(Optional<T> value, Func<T?, QueryValue> read) => value.HasValue ? read(value.Value) : null;

    private static QueryValue Instant(DateTimeOffset? at) => at is { } known ? QueryValue.Instant(UnixMicroseconds.From(known)) : QueryValue.Null;
}
