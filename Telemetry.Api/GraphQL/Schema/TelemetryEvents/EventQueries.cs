using System.Globalization;
using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Schema.Streams;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Events;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.GraphQL.Schema.TelemetryEvents;

[QueryType]
internal static class EventQueries
{
    /// <summary>An event by the id that its source gave it; null where the caller can see none.</summary>
    /// <param name="messageId">The id.</param>
    public static Task<EventView?> GetEventAsync([ID] string messageId, EventById events, CancellationToken ct) =>
        events.LoadAsync(GlobalIds.KeyOf(messageId, "Event"), ct);

    /// <summary>What sources reported, newest first.</summary>
    /// <param name="where">Only those.</param>
    /// <param name="order">Newest first, unless another order is asked for.</param>
    [UsePaging]
    public static async Task<Connection<EventView>> GetEventsAsync(
        PagingArguments page, [GlobalState] Caller caller, IEventReader reader, CancellationToken ct,
        EventFilterInput? where = null, IReadOnlyList<EventSortInput>? order = null)
    {
        if (page.Last is not null && page.After is not null)
            throw Refused.BadInput("\"last\" goes with \"before\", not with \"after\".");
        var filter = Conditions.All(EventScope.Of(caller), EventConditions.Of(new(caller.Scope()), where));
        var descending = order?.FirstOrDefault(o => o.GeneratedAt is not null)?.GeneratedAt != SortEnumType.Asc;
        var name = descending ? "-generatedAt" : "generatedAt";
        var size = page.First ?? page.Last ?? 0;
        var backwards = page.Last is not null;
        var place = backwards ? page.Before : page.After;
        var rows = await reader.EventsAsync(new(filter, size + 1, descending != backwards, place is null ? null : Parse(place, name)), ct);
        var kept = backwards ? rows.Take(size).Reverse() : rows.Take(size);
        var edges = kept.Select(r => new Edge<EventView>(new(r), CursorOf(r.Place, name))).ToList();
        var more = rows.Count > size;
        return new(edges, new(backwards ? place is not null : more, backwards ? more : place is not null,
            edges is [var start, ..] ? start.Cursor : null, edges is [.., var end] ? end.Cursor : null));
    }

    /// <summary>The kinds of events there are; not for callers that are limited to a project.</summary>
    public static async Task<IReadOnlyList<EventType>> GetEventTypesAsync([GlobalState] Caller caller, IEventReader reader, CancellationToken ct)
    {
        if (caller.LimitedToProject is { } project)
            throw ApiException.ProjectNotAuthorized(project);
        return [.. (await reader.EventTypesAsync(ct)).Select(t => new EventType(t))];
    }

    private static string CursorOf(TelemetryEventPlace place, string order) =>
        new Cursor(order, [QueryValue.Instant(place.GeneratedAt)], place.Number.ToString(CultureInfo.InvariantCulture)).ToString();

    private static TelemetryEventPlace Parse(string text, string order)
    {
        var cursor = Cursor.Parse(text, order, 1);
        return long.TryParse(cursor.Last, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(cursor.Values[0].Integer, number)
            : throw Refused.BadInput($"\"{text}\" is no cursor of events.");
    }
}

[ExtendObjectType<EventView>]
internal static class EventFields
{
    /// <summary>The event in the log that brought it, as its stream has it.</summary>
    public static async Task<StreamEventView> GetProvenanceAsync([Parent] EventView e, EventInLog events, CancellationToken ct) =>
        await events.LoadRequiredAsync(new LogPlace(e.Row.Position, TelemetryEventStreams.Of(e.Row.Event)), ct);

    [NodeResolver]
    public static Task<EventView?> FindAsync(string id, EventById events, CancellationToken ct) => events.LoadAsync(id, ct);
}

[ExtendObjectType<EventType>]
internal static class EventTypeFields
{
    /// <summary>The traits that such events have.</summary>
    public static async Task<IReadOnlyList<TraitDescriptionView>> GetTraitsAsync([Parent] EventType type, TraitsOfType traits, CancellationToken ct) =>
        await traits.LoadAsync(type.Name, ct) ?? [];
}

/// <summary>Events that the caller may see, by the ids that their sources gave them.</summary>
internal sealed class EventById(IEventReader reader, IBatchScheduler scheduler, DataLoaderOptions options) : BatchDataLoader<string, EventView>(scheduler, options)
{
    private readonly DataLoaderOptions _options = options;

    protected override async Task<IReadOnlyDictionary<string, EventView>> LoadBatchAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        var filter = Predicate.And(new Predicate.OneOf(TelemetryEventFields.MessageId, [.. keys.Select(QueryValue.Of)]), EventScope.Of(_options.Caller()));
        return (await reader.EventsAsync(new(filter, keys.Count), ct)).ToDictionary(r => r.Event.MessageId, r => new EventView(r));
    }
}

/// <summary>What traits events of types have.</summary>
internal sealed class TraitsOfType(IEventReader reader, IBatchScheduler scheduler, DataLoaderOptions options)
    : BatchDataLoader<string, IReadOnlyList<TraitDescriptionView>>(scheduler, options)
{
    protected override async Task<IReadOnlyDictionary<string, IReadOnlyList<TraitDescriptionView>>> LoadBatchAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        var traits = await reader.TraitDescriptionsAsync(keys, ct);
        return keys.ToDictionary(k => k, k => (IReadOnlyList<TraitDescriptionView>)[.. traits[k].Select(t => new TraitDescriptionView(t.Name, t.Type switch
        {
            TraitType.Integer => TraitKind.Integer,
            TraitType.Float => TraitKind.Float,
            TraitType.Datetime => TraitKind.DateTime,
            _ => TraitKind.String,
        }))]);
    }
}
