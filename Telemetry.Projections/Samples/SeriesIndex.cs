using System.Runtime.InteropServices;
using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Samples;

/// <summary>A list that only grows: what a reader took of it stays as it was.</summary>
internal sealed class GrowingList<T>
{
    private T[] _items = [];

    public int Count { get; private set; }

    public ReadOnlyMemory<T> Items => _items.AsMemory(0, Count);

    public T this[int index] => _items[index];

    public void Add(T item)
    {
        if (Count == _items.Length)
            Array.Resize(ref _items, Math.Max(4, Count * 2));
        _items[Count++] = item;
    }
}

/// <summary>A meter as lists show it: one name, type and unit on one resource. Several series where owner or source changed.</summary>
internal sealed class MeterGroup(int id)
{
    /// <summary>From 0, in the order of first appearance.</summary>
    public int Id => id;

    public List<Series> Series { get; } = [];
}

/// <summary>All series, and those of a meter, resource or project.</summary>
internal sealed class SeriesIndex
{
    private readonly Dictionary<SeriesKey, Series> _byKey = [];
    private readonly Dictionary<string, GrowingList<Series>> _byMeter = [];
    private readonly Dictionary<string, GrowingList<Series>> _byResource = [];
    private readonly Dictionary<string, GrowingList<Series>> _byProject = [];
    private readonly Dictionary<(string, SampleType, string?, string), MeterGroup> _meters = [];
    private static readonly GrowingList<Series> Nothing = new();

    /// <summary>By id, which begins at 1.</summary>
    public GrowingList<Series> All { get; } = new();

    public List<MeterGroup> Groups { get; } = [];

    public Series? Find(SeriesKey key) => _byKey.GetValueOrDefault(key);

    public Series Add(SeriesKey key)
    {
        var series = new Series(All.Count + 1, key);
        _byKey.Add(key, series);
        All.Add(series);
        Put(_byMeter, key.Meter, series);
        Put(_byResource, key.ResourceId, series);
        if (key.ProjectId is { } project)
            Put(_byProject, project, series);
        ref var group = ref CollectionsMarshal.GetValueRefOrAddDefault(_meters, (key.Meter, key.Type, key.Unit, key.ResourceId), out var known);
        if (!known)
        {
            group = new(Groups.Count);
            Groups.Add(group);
        }
        group!.Series.Add(series);
        return series;
    }

    public MeterGroup GroupOf(SeriesKey key) => _meters[(key.Meter, key.Type, key.Unit, key.ResourceId)];

    public GrowingList<Series> OfMeter(string name) => _byMeter.GetValueOrDefault(name, Nothing);

    public GrowingList<Series> OfResource(string id) => _byResource.GetValueOrDefault(id, Nothing);

    public GrowingList<Series> OfProject(string id) => _byProject.GetValueOrDefault(id, Nothing);

    private static void Put(Dictionary<string, GrowingList<Series>> index, string key, Series series)
    {
        ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(index, key, out _);
        (list ??= new()).Add(series);
    }
}
