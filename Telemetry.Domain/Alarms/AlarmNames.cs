using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Alarms;

/// <summary>The names that the API and the stored events use for states, severities and operators.</summary>
public static class AlarmNames
{
    public static readonly IReadOnlyList<string> States = ["ok", "alarm", "insufficient data"];
    public static readonly IReadOnlyList<string> Severities = ["low", "moderate", "critical"];

    /// <summary>In the order of <see cref="Comparison"/>.</summary>
    public static readonly IReadOnlyList<string> Comparisons = ["eq", "ne", "lt", "le", "gt", "ge"];

    public static string Name(this AlarmState state) => States[(int)state];

    public static string Name(this AlarmSeverity severity) => Severities[(int)severity];

    public static string Name(this Comparison comparison) => Comparisons[(int)comparison];

    /// <summary>Null where there is no such state.</summary>
    public static AlarmState? State(string? name) => IndexOf(States, name) is { } i ? (AlarmState)i : null;

    /// <summary>Null where there is no such severity.</summary>
    public static AlarmSeverity? Severity(string? name) => IndexOf(Severities, name) is { } i ? (AlarmSeverity)i : null;

    /// <summary>Null where there is no such operator.</summary>
    public static Comparison? Comparison(string? name) => IndexOf(Comparisons, name) is { } i ? (Comparison)i : null;

    private static int? IndexOf(IReadOnlyList<string> names, string? name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
                return i;
        }
        return null;
    }
}
