namespace Telemetry.Ingest.Events;

/// <summary>Telemetry events cannot be accepted; nothing of the request is stored.</summary>
/// <param name="path">Where the fault is: <c>events[3].traits[0].value</c>, <c>events[3]</c> or <c>events</c>.</param>
/// <param name="value">What was sent there, cut; null where nothing was, or a JSON null.</param>
/// <param name="reason">A sentence.</param>
/// <param name="tooMuch">Whether it is not what was sent but how much.</param>
public sealed class EventFaultException(string path, string? value, string reason, bool tooMuch = false) : Exception($"{path}: {reason}")
{
    public string Path { get; } = path;
    public string? Value { get; } = value;
    public string Reason { get; } = reason;
    public bool IsTooMuch { get; } = tooMuch;
}
