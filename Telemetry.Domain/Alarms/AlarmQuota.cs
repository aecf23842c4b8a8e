using System.Text.Json;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Alarms;

/// <summary>What has happened to a project's quota of alarms; stored in <c>quota-{project}</c>.</summary>
public abstract record QuotaEvent
{
    private QuotaEvent() { } // closed: only the records below

    public const string Category = "quota";

    /// <summary>The stored name.</summary>
    public abstract string Type { get; }

    /// <param name="Limit">-1 is without a limit.</param>
    public sealed record QuotaSet(string ProjectId, int Limit, Actor By, DateTimeOffset At) : QuotaEvent
    {
        public const string Name = "quota-set";
        public override string Type => Name;
    }

    public sealed record QuotaRemoved(string ProjectId, Actor By, DateTimeOffset At) : QuotaEvent
    {
        public const string Name = "quota-removed";
        public override string Type => Name;
    }
}

/// <summary>An order about one project's quota.</summary>
public abstract record QuotaCommand
{
    private QuotaCommand() { } // closed: only the records below

    public sealed record Set(string ProjectId, int Limit, Actor By, DateTimeOffset Now) : QuotaCommand;

    public sealed record Remove(string ProjectId, Actor By, DateTimeOffset Now) : QuotaCommand;
}

/// <summary>Decides about quotas. The state is the limit, null where the project has none of its own. Pure.</summary>
public static class QuotaDecider
{
    public static IReadOnlyList<QuotaEvent> Decide(QuotaCommand command, int? limit) => command switch
    {
        QuotaCommand.Set c when c.Limit != limit => [new QuotaEvent.QuotaSet(c.ProjectId, c.Limit, c.By, c.Now)],
        QuotaCommand.Remove c when limit is not null => [new QuotaEvent.QuotaRemoved(c.ProjectId, c.By, c.Now)],
        _ => [],
    };

    public static int? Evolve(int? limit, QuotaEvent happened) => happened is QuotaEvent.QuotaSet set ? set.Limit : null;
}

/// <summary>The stored shape of quota events.</summary>
public static class QuotaEvents
{
    public static EventBody.Json Write(QuotaEvent happened) => new(AlarmJson.Bytes(w =>
    {
        var (project, by, at) = happened switch
        {
            QuotaEvent.QuotaSet e => (e.ProjectId, e.By, e.At),
            QuotaEvent.QuotaRemoved e => (e.ProjectId, e.By, e.At),
            _ => throw new ArgumentException("No quota event.", nameof(happened)),
        };
        w.WriteStartObject();
        w.WriteString("project_id", project);
        if (happened is QuotaEvent.QuotaSet set)
        {
            w.WriteString("resource", "alarms");
            w.WriteNumber("limit", set.Limit);
        }
        AlarmEvents.WriteProvenance(w, by, at);
        w.WriteEndObject();
    }));

    /// <exception cref="FormatException">It is no quota event, or damaged.</exception>
    public static QuotaEvent Read(string type, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var o = document.RootElement;
            var project = o.GetProperty("project_id").GetString()!;
            return type switch
            {
                QuotaEvent.QuotaSet.Name => new QuotaEvent.QuotaSet(project, o.GetProperty("limit").GetInt32(), AlarmEvents.ReadActor(o), AlarmEvents.ReadTime(o)),
                QuotaEvent.QuotaRemoved.Name => new QuotaEvent.QuotaRemoved(project, AlarmEvents.ReadActor(o), AlarmEvents.ReadTime(o)),
                _ => throw new FormatException($"'{type}' is no event of a quota."),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"A stored '{type}' cannot be read: {e.Message}", e);
        }
    }
}
