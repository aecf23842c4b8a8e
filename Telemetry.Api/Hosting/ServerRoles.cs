namespace Telemetry.Api.Hosting;

/// <summary>What one process does of what Telemetry does.</summary>
/// <param name="Api">Answers queries and takes commands.</param>
/// <param name="Ingest">Takes samples in.</param>
/// <param name="Projections">Stores read models.</param>
/// <param name="Alarms">Evaluates alarms and calls their actions.</param>
internal sealed record ServerRoles(bool Api, bool Ingest, bool Projections, bool Alarms)
{
    public static ServerRoles All { get; } = new(true, true, true, true);

    public bool AreAll => this == All;

    /// <summary>Whether the process answers, stores or judges by what is in the log: then it follows the log.</summary>
    public bool Reads => Api || Projections || Alarms;

    /// <param name="text">Names between commas; null or empty for all.</param>
    /// <exception cref="ServerStartException">There is no such role.</exception>
    public static ServerRoles Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return All;
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        if (Array.Find(names, n => !Names.Contains(n)) is { } unknown)
            throw new ServerStartException($"'{unknown}' in --roles is none of {string.Join(", ", Names)}.");
        return new(names.Contains(Names[0]), names.Contains(Names[1]), names.Contains(Names[2]), names.Contains(Names[3]));
    }

    public override string ToString() => string.Join(',', Names.Where((_, i) => i switch
    {
        0 => Api,
        1 => Ingest,
        2 => Projections,
        _ => Alarms,
    }));

    private static string[] Names => ["api", "ingest", "projections", "alarms"];
}
