namespace Telemetry.Domain.Alarms;

/// <summary>Checks what an alarm is to call.</summary>
public static class AlarmActions
{
    private static readonly string[] Schemes = ["http", "https", "trust+http", "trust+https", "log", "test", "zaqar", "trust+zaqar", "trust+heat"];

    /// <param name="list">The list's name, such as <c>ok_actions</c>.</param>
    /// <exception cref="AlarmRefusedException">There are too many, or one cannot be called.</exception>
    public static void Check(string list, IReadOnlyList<string>? actions, AlarmCaller caller, AlarmSettings settings)
    {
        var max = settings.MaxActions;
        if (actions is null)
            return;
        if (max > 0 && actions.Count > max)
            throw Refused(Refusal.Invalid, $"{list} count exceeds maximum value {max}", null);
        foreach (var action in actions)
        {
            if (TopicOf(action) is { } topic && settings.ActionTopics.Contains(topic))
                continue;
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

    /// <summary>The topic of the message bus that an action publishes to: <c>rpc/T</c>, <c>rpc://T</c> or <c>notifier://?topic=T</c>; null for any other action.</summary>
    public static string? TopicOf(string action)
    {
        foreach (var form in (string[])["rpc/", "rpc://", "notifier://?topic="])
        {
            if (action.StartsWith(form, StringComparison.OrdinalIgnoreCase) && action[form.Length..] is { Length: > 0 } topic && !topic.AsSpan().ContainsAny("/?&#"))
                return topic;
        }
        return null;
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
