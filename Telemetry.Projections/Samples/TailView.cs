namespace Telemetry.Projections.Samples;

/// <summary>The samples of a series that are in no block yet, as they were when it was taken; in the order of arrival.</summary>
/// <remarks>Shares the series' arrays: entries below <paramref name="Count"/> do not change while the view is in use.</remarks>
/// <param name="Sorted">Whether they are in the order of a block already.</param>
internal readonly record struct TailView(
    long[] Times, double[] Volumes, long[] Origins, int[] Metadata, int Count, bool Sorted);
