using System.Runtime.CompilerServices;

namespace Telemetry.Projections.Samples.Columns;

/// <summary>Instants or spans in microseconds, counted in whole seconds or milliseconds where all of them are.</summary>
internal static class InstantColumn
{
    private static ReadOnlySpan<long> Units => [1, 1_000, 1_000_000];

    /// <param name="values">At least one; overwritten.</param>
    public static void Write(Span<long> values, ByteBuffer into)
    {
        var unit = AllAre(values, 1_000_000) ? 2 : AllAre(values, 1_000) ? 1 : 0;
        into.Byte((byte)unit);
        if (unit == 2)
            Divide(values, 1_000_000);
        else if (unit == 1)
            Divide(values, 1_000);
        IntegerColumn.Write(values, into);
    }

    public static void Read(ref ByteReader from, scoped Span<long> values)
    {
        var unit = from.Byte();
        if (unit >= Units.Length)
            throw ByteReader.Damaged();
        IntegerColumn.Read(ref from, values);
        if (unit == 0)
            return;
        var factor = Units[unit];
        foreach (ref var value in values)
            value = unchecked(value * factor);
    }

    public static void Skip(ref ByteReader from, int count)
    {
        from.Byte();
        IntegerColumn.Skip(ref from, count);
    }

    // Inlined, so that dividing by a constant is a multiplication.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AllAre(ReadOnlySpan<long> values, long unit)
    {
        foreach (var value in values)
        {
            if (value % unit != 0)
                return false;
        }
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Divide(Span<long> values, long unit)
    {
        foreach (ref var value in values)
            value /= unit;
    }
}
