namespace Telemetry.Domain.Alarms;

/// <summary>Checks what an alarm is to call.</summary>
public static class AlarmActions
{
    private static readonly string[] Schemes = ["http", "https", "trust+http", "trust+https", "log", "test", "zaqar", "trust+zaqar", "trust+heat"];

    /// <param name="list">The list's name, such as <c>ok_actions</c>.</param>
    /// <param name="max">How many; not above 0 is without a limit.</param>
    /// <exception cref="AlarmRefusedException">There are too many, or one cannot be called.</exception>
    public static void Check(string list, IReadOnlyList<string>? actions, AlarmCaller caller, int max)
    {
        if (actions is null)
            return;
        if (max > 0 && actions.Count > max)
            throw Refused(Refusal.Invalid, $"{list} count exceeds maximum value {max}", null);
        foreach (var action in actions)
        {
            var scheme = SchemeOf(action);
            if (!Schemes.Contains(scheme))
                throw Refused(Refusal.Invalid, $"Unsupported action {action}", action);
            if (action.Length > AlarmLimits.MaxTextLength * 8 || !IsUrl(action, scheme))
                throw Refused(Refusal.Invalid, $"Unable to parse action {action}", action);
            if (scheme is "log" or "test" && !caller.IsAdmin)
                throw Refused(Refusal.NotAuthorized, $"You are not authorized to create action: {action}", action);
            if (scheme.StartsWith("trust+", StringComparison.Ordinal) && Authority(action).Contains('@'))
                throw Refused(Refusal.Invalid, "trust URL cannot contain a trust ID.", action);
        }

        AlarmRefusedException Refused(Refusal reason, string message, string? action) =>
            new(reason, message) { Part = AlarmPart.Action, Field = list, Subject = action };
    }

    /// <summary>The scheme in lower case; empty where there is none.</summary>
    public static string SchemeOf(string action)
    {
        var colon = action.IndexOf(':');
        return colon > 0 && action.AsSpan(0, colon).IndexOfAnyExceptInRange('+', 'z') < 0 ? action[..colon].ToLowerInvariant() : "";
    }

    private static bool IsUrl(string action, string scheme) => scheme switch
    {
        "http" or "https" => Uri.TryCreate(action, UriKind.Absolute, out var url) && url.Host.Length > 0,
        "trust+http" or "trust+https" => Uri.TryCreate(action["trust+".Length..], UriKind.Absolute, out var url) && url.Host.Length > 0,
        _ => true,
    };

    private static string Authority(string action)
    {
        var start = action.IndexOf("://", StringComparison.Ordinal);
        if (start < 0)
            return "";
        var rest = action[(start + 3)..];
        var end = rest.IndexOfAny(['/', '?', '#']);
        return end < 0 ? rest : rest[..end];
    }
}
