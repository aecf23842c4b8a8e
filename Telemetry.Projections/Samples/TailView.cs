namespace Telemetry.Projections.Samples;

/// <summary>A sample that is in no block yet. One cache line holds two: a tail is touched once a poll, and rarely warm.</summary>
internal struct TailPoint
{
    public long At;
    public double Volume;
    public long Origin;
    public int Metadata;
}

/// <summary>The samples of a series that are in no block yet, as they were when it was taken; in the order of arrival.</summary>
/// <remarks>Shares the series' array: entries below <paramref name="Count"/> do not change while the view is in use.</remarks>
/// <param name="Sorted">Whether they are in the order of a block already.</param>
internal readonly record struct TailView(TailPoint[] Points, int Count, bool Sorted);
