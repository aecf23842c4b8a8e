using System.Runtime.CompilerServices;

namespace Telemetry.Domain.Statistics;

/// <summary>Count, extremes, sum and spread of volumes, and when the first and last were: adds up one by one, and two of them merge.</summary>
/// <remarks>The spread is kept as M2, the sum of squared differences from the mean: a sum of squares cancels on large counters.
/// Merging follows Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).</remarks>
public struct Accumulator
{
    public long Count;
    public double Min;
    public double Max;
    public double Sum;

    /// <summary>Sum of squared differences from the mean.</summary>
    public double M2;

    /// <summary>The earliest sample's timestamp, microseconds since 1970; of meaning only where <see cref="Count"/> is not 0.</summary>
    public long FirstAt;

    /// <summary>The latest sample's timestamp.</summary>
    public long LastAt;

    public readonly double Average => Sum / Count;

    /// <summary>The population's standard deviation.</summary>
    public readonly double StandardDeviation => Math.Sqrt(Math.Max(0, M2 / Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long at, double volume)
    {
        if (Count == 0)
        {
            (Count, Min, Max, Sum, M2, FirstAt, LastAt) = (1, volume, volume, volume, 0, at, at);
            return;
        }
        var delta = volume - Sum / Count;
        Count++;
        Sum += volume;
        M2 += delta * (volume - Sum / Count);
        if (volume < Min)
            Min = volume;
        if (volume > Max)
            Max = volume;
        if (at < FirstAt)
            FirstAt = at;
        if (at > LastAt)
            LastAt = at;
    }

    public void Merge(in Accumulator other)
    {
        if (other.Count == 0)
            return;
        if (Count == 0)
        {
            this = other;
            return;
        }
        var delta = other.Average - Average;
        M2 += other.M2 + delta * delta * ((double)Count * other.Count / (Count + other.Count));
        Count += other.Count;
        Sum += other.Sum;
        Min = Math.Min(Min, other.Min);
        Max = Math.Max(Max, other.Max);
        FirstAt = Math.Min(FirstAt, other.FirstAt);
        LastAt = Math.Max(LastAt, other.LastAt);
    }
}
