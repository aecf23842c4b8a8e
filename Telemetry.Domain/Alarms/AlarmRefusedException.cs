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

/// <summary>A command about alarms that cannot be carried out.</summary>
/// <param name="message">The text that clients print and match: part of the contract.</param>
public sealed class AlarmRefusedException(Refusal reason, string message) : Exception(message)
{
    public Refusal Reason { get; } = reason;

    public static AlarmRefusedException Invalid(string message) => new(Refusal.Invalid, message);

    /// <summary>In WSME's words for a field.</summary>
    public static AlarmRefusedException InvalidInput(string field, string value, string message) =>
        Invalid($"Invalid input for field/attribute {field}. Value: '{value}'. {message}");

    public static AlarmRefusedException NotFound(string alarmId) => new(Refusal.NotFound, $"Alarm {alarmId} not found");

    public static AlarmRefusedException NotAuthorized(string kind, string id) => new(Refusal.NotAuthorized, $"Not Authorized to access {kind} {id}");
}
