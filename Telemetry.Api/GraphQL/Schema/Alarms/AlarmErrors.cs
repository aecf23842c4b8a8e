using System.Globalization;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

// What callers can mend, as objects of the payload; who may not, and what the server cannot do, are errors of the field.

/// <summary>There is no such alarm for the caller.</summary>
/// <param name="Message">REST's text.</param>
/// <param name="Id">As it was given.</param>
internal sealed record AlarmNotFoundError(string Message, [property: Types.ID] string Id)
{
    public static AlarmNotFoundError? CreateErrorFrom(AlarmRefusedException e) => e.Reason == Refusal.NotFound ? new(e.Message, e.Subject ?? "") : null;
}

/// <summary>The alarm was changed since the caller looked at it.</summary>
/// <param name="Message">In words.</param>
/// <param name="Expected">The version that was given.</param>
/// <param name="Actual">The alarm's.</param>
internal sealed record VersionConflictError(string Message, long Expected, long Actual)
{
    public static VersionConflictError CreateErrorFrom(AlarmVersionException e) => new(e.Message, e.Expected, e.Actual);
}

/// <summary>The rule makes no sense.</summary>
/// <param name="Message">REST's text.</param>
/// <param name="Field">What of it, by the name of the REST API; `rule` where it is no attribute alone.</param>
internal sealed record InvalidRuleError(string Message, string Field)
{
    public static InvalidRuleError? CreateErrorFrom(AlarmRefusedException e) => e is { Reason: Refusal.Invalid, Part: AlarmPart.Rule } ? new(e.Message, e.Field ?? "rule") : null;
}

/// <summary>An action cannot be called.</summary>
/// <param name="Message">REST's text.</param>
/// <param name="On">The state that it is called on.</param>
/// <param name="Url">The action; null where there are too many.</param>
internal sealed record InvalidActionError(string Message, AlarmState On, string? Url)
{
    public static InvalidActionError? CreateErrorFrom(AlarmRefusedException e) => e is not { Reason: Refusal.Invalid, Part: AlarmPart.Action } ? null : new(e.Message, e.Field switch
    {
        "ok_actions" => AlarmState.Ok,
        "alarm_actions" => AlarmState.Alarm,
        _ => AlarmState.InsufficientData,
    }, e.Subject);
}

/// <summary>A time constraint makes no sense.</summary>
/// <param name="Message">REST's text.</param>
/// <param name="Name">The constraint's; null where it is several.</param>
internal sealed record InvalidTimeConstraintError(string Message, string? Name)
{
    public static InvalidTimeConstraintError? CreateErrorFrom(AlarmRefusedException e) =>
        e is { Reason: Refusal.Invalid, Part: AlarmPart.TimeConstraint } ? new(e.Message, e.Subject) : null;
}

/// <summary>The project, or the user, has as many alarms as it may have.</summary>
/// <param name="Message">REST's text.</param>
/// <param name="Limit">How many.</param>
internal sealed record QuotaExceededError(string Message, int Limit)
{
    public static QuotaExceededError? CreateErrorFrom(AlarmRefusedException e) =>
        e.Part == AlarmPart.Quota ? new(e.Message, int.Parse(e.Subject!, CultureInfo.InvariantCulture)) : null;
}
