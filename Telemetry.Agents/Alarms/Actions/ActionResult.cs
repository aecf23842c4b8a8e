using Telemetry.Domain.Alarms;

namespace Telemetry.Agents.Alarms.Actions;

/// <summary>What came of calling an action.</summary>
/// <param name="Outcome">As <see cref="AlarmDelivery.Outcome"/>.</param>
internal sealed record ActionResult(string Outcome, string Detail, int Attempts)
{
    /// <summary>How long to wait before the next attempt: 1, 2, 4 … s, a minute at most.</summary>
    public static TimeSpan PauseAfter(int attempt) => TimeSpan.FromSeconds(Math.Min(1 << Math.Min(attempt - 1, 6), 60));

    public static ActionResult Delivered(string detail, int attempts = 1) => new(AlarmDelivery.Delivered, detail, attempts);

    public static ActionResult Failed(string detail, int attempts) => new(AlarmDelivery.Failed, detail, attempts);

    public static ActionResult Refused(string detail) => new(AlarmDelivery.Refused, detail, 0);
}
