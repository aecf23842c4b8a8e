using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>One query at work: its reader inside the model, its budget, and the room it decodes into.</summary>
internal sealed class QueryRun(SampleModel.Reading reading, IEventStore log, QueryBudget budget) : IDisposable
{
    /// <summary>How many events of the log are asked for at once: a batch may be megabytes.</summary>
    public const int MaxEventsAtOnce = 64;

    private const int MaxEvents = 4_096;

    private readonly Dictionary<long, EventInfo> _infos = [];
    private readonly Dictionary<Predicate, RowFilter> _filters = new(ReferenceEqualityComparer.Instance);
    private Dictionary<long, RecordedEvent> _prepared = [];
    private RecordedEvent? _event;

    public SampleModel.Reading Reading => reading;
    public SampleModel Model => reading.Model;
    public QueryBudget Budget => budget;
    public Points Points { get; } = new();
    public UnpackedPages Pages { get; } = new();

    public List<SeriesView> Series(QueryPlan plan, RollupUse rollups = RollupUse.None) => SeriesViews.Take(reading, plan, rollups, budget);

    /// <summary>The filter for a condition; one for all series that share it.</summary>
    public RowFilter FilterOf(Predicate rest)
    {
        if (!_filters.TryGetValue(rest, out var filter))
        {
            if (_filters.Count > 1_000)
                _filters.Clear();
            _filters.Add(rest, filter = new(rest, this));
        }
        return filter;
    }

    /// <summary>The samples of a series block after block, each sorted; blocks that lie outside of the range are left out.</summary>
    /// <remarks>All come in the same <see cref="Points"/>.</remarks>
    public IEnumerable<Points> Chunks(SeriesView series, TimeRange range, PointColumns columns)
    {
        foreach (var data in Blocks(series.Blocks, range))
        {
            budget.Check();
            SampleBlock.Read(data, columns, Points);
            yield return Points;
        }
        if (series.Tail.Count == 0)
            yield break;
        budget.Check();
        Points.Take(series.Tail);
        if (range.Overlaps(Points.Times[0], Points.Times[Points.Count - 1]))
            yield return Points;
    }

    /// <summary>The blocks of a list that overlap a range, the older ones out of the store.</summary>
    public IEnumerable<byte[]> Blocks(BlockView view, TimeRange range)
    {
        if (view.FirstCached > 0 && (range.From ?? long.MinValue) <= view.EvictedLastAt)
        {
            foreach (var segment in Model.Tables.Segments(view.List, view.FirstCached, range.From ?? long.MinValue, (range.To ?? long.MaxValue) - (range.To is null ? 0 : 1), Pages))
            {
                foreach (var block in segment.Blocks().Take(view.FirstCached - segment.First))
                {
                    if (range.Overlaps(block.FirstAt, block.LastAt))
                        yield return block.Data;
                }
            }
        }
        for (var i = 0; i < view.Count; i++)
        {
            var block = view.Items[view.Start + i];
            if (range.Overlaps(block.FirstAt, block.LastAt))
                yield return block.Data;
        }
    }

    public async ValueTask<EventInfo> InfoAsync(long position)
    {
        if (Model.Recent.Find(position) is { } recent)
            return recent;
        if (_infos.TryGetValue(position, out var info))
            return info;
        if (_infos.Count >= MaxEvents)
            _infos.Clear();
        info = EventInfo.Of(await EventAsync(position));
        _infos.Add(position, info);
        return info;
    }

    /// <summary>Reads at once what completing samples of some events needs of the log; kept until the next call.</summary>
    public async ValueTask PrepareAsync(IReadOnlyCollection<long> positions)
    {
        var needed = positions.Where(p => (Model.Recent.Find(p) ?? (_infos.TryGetValue(p, out var info) ? info : null)) is not { HasForeign: false }).ToList();
        if (needed.Count < 2)
            return; // one alone is asked for as it is needed
        _prepared = (await EventsAsync(needed)).ToDictionary(e => e.Position);
    }

    /// <summary>The events of some ids, asked for at once; nothing where there is none.</summary>
    public Task<IReadOnlyList<RecordedEvent>> EventsAsync(IReadOnlyCollection<EventId> ids)
    {
        budget.Check();
        return log.FindAsync(ids, budget.Token);
    }

    /// <summary>Some events of the log, asked for at once; each position once.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> EventsAsync(IReadOnlyCollection<long> positions)
    {
        budget.Check();
        var found = await log.FindAsync(positions, budget.Token);
        return found.Count == positions.Count ? found : throw Missing(positions.Except(found.Select(e => e.Position)).Min());
    }

    /// <summary>An event of the log; the last one asked for is kept.</summary>
    public async ValueTask<RecordedEvent> EventAsync(long position)
    {
        if (_prepared.TryGetValue(position, out var prepared))
            return prepared;
        if (_event?.Position != position)
        {
            budget.Check();
            _event = await log.FindAsync(position, budget.Token)
                ?? throw Missing(position);
        }
        return _event;
    }

    private static InvalidDataException Missing(long position) => new($"The log has no event at position {position}, which the read model has samples of.");

    /// <summary>A whole sample, with what its event says.</summary>
    public ValueTask<Sample> SampleAsync(SeriesKey key, long at, double volume, long origin, int metadata) =>
        CompleteAsync(new("", key, at, volume, Model.Metadata.Get(metadata), 0, null), origin);

    /// <summary>The sample with its id, signature and time of storing.</summary>
    public async ValueTask<Sample> CompleteAsync(Sample sample, long origin)
    {
        var (position, index) = (Origin.PositionOf(origin), Origin.IndexOf(origin));
        var info = await InfoAsync(position);
        if (info.HasForeign && (await EventAsync(position)).Body is EventBody.Samples { Batch: var batch })
            return sample with { Id = batch.SampleId(info.Id, index), RecordedAt = info.RecordedAt, Signature = batch.Signature(index), Position = position };
        return sample with { Id = info.Id.Sample(index).ToString(), RecordedAt = info.RecordedAt, Position = position };
    }

    public void Dispose() => reading.Dispose();
}
