namespace Telemetry.Domain.Alarms;

/// <summary>Why a command about alarms was refused; REST answers 400, 401, 403, 404 and 503.</summary>
public enum Refusal
{
    Invalid,
    NotAuthorized,
    Forbidden,
    NotFound,
    Unavailable,
}

/// <summary>What of an alarm was refused.</summary>
public enum AlarmPart
{
    /// <summary>The alarm itself, or who asks.</summary>
    Alarm,
    Rule,
    Action,
    TimeConstraint,
    Quota,
}

/// <summary>A command about alarms that cannot be carried out.</summary>
/// <param name="message">The text that clients print and match: part of the contract.</param>
public sealed class AlarmRefusedException(Refusal reason, string message) : Exception(message)
{
    public Refusal Reason { get; } = reason;
    public AlarmPart Part { get; init; }

    /// <summary>The attribute that is wrong, by its name in the API; null where it is none alone.</summary>
    public string? Field { get; init; }

    /// <summary>Which one: the id of the alarm that was not found, the action, the constraint's name, the limit of the quota.</summary>
    public string? Subject { get; init; }

    /// <summary>Runs a check whose refusals are about a part.</summary>
    internal static T About<T>(AlarmPart part, string? subject, Func<T> check)
    {
        try
        {
            return check();
        }
        catch (AlarmRefusedException e) when (e.Part == AlarmPart.Alarm)
        {
            throw new AlarmRefusedException(e.Reason, e.Message) { Part = part, Field = e.Field, Subject = e.Subject ?? subject };
        }
    }

    public static AlarmRefusedException Invalid(string message) => new(Refusal.Invalid, message);

    /// <summary>In WSME's words for a field.</summary>
    public static AlarmRefusedException InvalidInput(string field, string value, string message) =>
        new(Refusal.Invalid, $"Invalid input for field/attribute {field}. Value: '{value}'. {message}") { Field = field };

    public static AlarmRefusedException NotFound(string alarmId) => new(Refusal.NotFound, $"Alarm {alarmId} not found") { Subject = alarmId };

    public static AlarmRefusedException NotAuthorized(string kind, string id) => new(Refusal.NotAuthorized, $"Not Authorized to access {kind} {id}");
}
