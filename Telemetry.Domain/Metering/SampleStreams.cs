using System.Collections.Concurrent;
using System.Globalization;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Metering;

/// <summary>Names of the streams that hold samples: <c>samples-{project}-{yyyy-MM}</c>, project <c>none</c> where there is none.</summary>
public static class SampleStreams
{
    public const string Category = "samples";

    /// <summary>Stands for the project of samples that have none.</summary>
    public const string NoProject = "none";

    // Formatting a name costs more than everything else about splitting a batch; projects times months in use are few.
    private static readonly ConcurrentDictionary<(string Category, string Project, int Month), StreamName> Names = new();

    public static StreamName For(string? project, long timestamp) => For(Category, project, timestamp);

    /// <summary>The stream of a category that is divided as samples are.</summary>
    internal static StreamName For(string category, string? project, long timestamp)
    {
        var at = UnixMicroseconds.ToDateTime(timestamp);
        var key = (category, project ?? NoProject, at.Year * 12 + at.Month - 1);
        if (Names.Count > 100_000)
            Names.Clear();
        return Names.GetOrAdd(key, static k =>
            new(k.Category, string.Create(CultureInfo.InvariantCulture, $"{k.Project}-{k.Month / 12:0000}-{k.Month % 12 + 1:00}")));
    }

    /// <summary>The month that an instant lies in, start inclusive, end exclusive, in microseconds.</summary>
    public static (long From, long To) MonthOf(long timestamp)
    {
        var at = UnixMicroseconds.ToDateTime(timestamp);
        var from = new DateTime(at.Year, at.Month, 1, 0, 0, 0, DateTimeKind.Utc);
        var to = from is { Year: 9999, Month: 12 } ? UnixMicroseconds.Max + 1 : UnixMicroseconds.From(from.AddMonths(1));
        return (UnixMicroseconds.From(from), to);
    }
}
