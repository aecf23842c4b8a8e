using Telemetry.Domain.Alarms;

namespace Telemetry.Agents.Alarms.Actions;

/// <summary>What came of calling an action.</summary>
/// <param name="Outcome">As <see cref="AlarmDelivery.Outcome"/>.</param>
internal sealed record ActionResult(string Outcome, string Detail, int Attempts)
{
    public static ActionResult Delivered(string detail, int attempts = 1) => new(AlarmDelivery.Delivered, detail, attempts);

    public static ActionResult Failed(string detail, int attempts) => new(AlarmDelivery.Failed, detail, attempts);

    public static ActionResult Refused(string detail) => new(AlarmDelivery.Refused, detail, 0);
}
